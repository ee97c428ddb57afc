"""Our processing pipelines, as pySigma finds them."""

from sigma.pipelines.sigmaproof.ecs_cloudtrail import ecs_cloudtrail, ecs_cloudtrail_filebeat

__all__ = ["ecs_cloudtrail", "ecs_cloudtrail_filebeat"]

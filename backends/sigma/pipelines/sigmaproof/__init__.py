"""Our processing pipelines, as pySigma finds them."""

from sigma.pipelines.sigmaproof.ecs_cloudtrail import ecs_cloudtrail

__all__ = ["ecs_cloudtrail"]

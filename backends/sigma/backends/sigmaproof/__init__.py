"""Our targets, as pySigma finds them: proof_eql, proof_lucene, proof_native."""

from sigma.backends.sigmaproof.eql import EqlBackend
from sigma.backends.sigmaproof.lucene import LuceneBackend
from sigma.backends.sigmaproof.native import NativeBackend

__all__ = ["EqlBackend", "LuceneBackend", "NativeBackend"]

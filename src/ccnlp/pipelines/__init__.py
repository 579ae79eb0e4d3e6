"""The pipelines; with any of them comes MLflow's registry as a source of encoders."""

from ccnlp.pipelines.registration import registry_model_source

__all__ = ["registry_model_source"]

"""How was this node told to behave? node.toml as one frozen struct per actor."""

from habactors.config.address import Address
from habactors.config.reading import load
from habactors.config.structs import (
    CensusConfig,
    Config,
    ControlConfig,
    DetectorConfig,
    DisseminatorConfig,
    ElectionConfig,
    LogConfig,
    NodeConfig,
    RootConfig,
    ServiceLoad,
    ServicesConfig,
    SidecarConfig,
    WireConfig,
)
from habactors.errors import ConfigError

__all__ = [
    "Address",
    "CensusConfig",
    "Config",
    "ConfigError",
    "ControlConfig",
    "DetectorConfig",
    "DisseminatorConfig",
    "ElectionConfig",
    "LogConfig",
    "NodeConfig",
    "RootConfig",
    "ServiceLoad",
    "ServicesConfig",
    "SidecarConfig",
    "WireConfig",
    "load",
]

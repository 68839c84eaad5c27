"""The inspectors of disk formats: apart, because they take 0.1 s to import."""

from oslo_utils.imageutils.format_inspector import (
    ALL_FORMATS,
    FileInspector,
    ImageFormatError,
    SafetyCheckFailed,
)

__all__ = ["ALL_FORMATS", "FileInspector", "ImageFormatError", "SafetyCheckFailed"]

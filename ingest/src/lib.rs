//! Readers of archive formats, normalising, validating, quarantine

//! One YAML file becomes a typed configuration

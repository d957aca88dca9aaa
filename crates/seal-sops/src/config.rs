//! `.sops.yaml`: which keys and which selector a new file gets.

//! What can be checked of a sealed file without any private key.

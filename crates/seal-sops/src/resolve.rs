//! What a plain YAML scalar means to sops' reader: its own mixture of YAML 1.1 and 1.2.

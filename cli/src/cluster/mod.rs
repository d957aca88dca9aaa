//! The way to a cluster: kubeconfig, the controller's Service, certificates by URL.

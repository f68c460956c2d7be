"""Kubernetes objects, read from manifests and from rendered charts alike. One kind of object a module."""

"""CloudFormation's types and properties in the words of Terraform's providers.

Most of it is mechanical (``PubliclyAccessible`` is ``publicly_accessible``); the table holds what is not. Types and properties:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/.
"""

import re

TYPES = {
    "AWS::EC2::SecurityGroup": "aws_security_group",
    "AWS::EC2::SecurityGroupIngress": "aws_vpc_security_group_ingress_rule",
    "AWS::EC2::Instance": "aws_instance",
    "AWS::EC2::LaunchTemplate": "aws_launch_template",
    "AWS::EC2::Volume": "aws_ebs_volume",
    "AWS::EC2::VPCEndpoint": "aws_vpc_endpoint",
    "AWS::EC2::EIP": "aws_eip",
    "AWS::RDS::DBInstance": "aws_db_instance",
    "AWS::RDS::DBCluster": "aws_rds_cluster",
    "AWS::EFS::FileSystem": "aws_efs_file_system",
    "AWS::EKS::Nodegroup": "aws_eks_node_group",
    "AWS::IAM::ManagedPolicy": "aws_iam_policy",
    "AWS::IAM::Policy": "aws_iam_role_policy",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "aws_lb",
    "AWS::ElasticLoadBalancingV2::Listener": "aws_lb_listener",
    "AWS::ElasticLoadBalancing::LoadBalancer": "aws_elb",
    "AWS::AutoScaling::AutoScalingGroup": "aws_autoscaling_group",
    "AWS::AutoScaling::LaunchConfiguration": "aws_launch_configuration",
    "AWS::ApplicationAutoScaling::ScalableTarget": "aws_appautoscaling_target",
    "AWS::ApiGateway::Method": "aws_api_gateway_method",
    "AWS::OpenSearchService::Domain": "aws_opensearch_domain",
    "AWS::Serverless::Function": "aws_lambda_function",
    "AWS::Lambda::Url": "aws_lambda_function_url",
    "AWS::ElastiCache::ReplicationGroup": "aws_elasticache_replication_group",
}
"""Types whose Terraform name is not ``aws_<service>_<type>``."""

PROPERTIES = {
    "security_group_ingress": "ingress",
    "cidr_ip": "cidr_ipv4",
    "endpoint_public_access_cidrs": "public_access_cidrs",
    "image_scanning_configuration": "image_scanning_configuration",
    "policy_document": "policy",
    "auth_type": "auth_type",
    "policies": "policies",
    "public_access_cidrs": "public_access_cidrs",
    "listeners": "listener",
    "load_balancer_attributes": "load_balancer_attributes",
    "db_cluster_identifier": "cluster_identifier",
    "kms_key_id": "kms_key_id",
    "resources_vpc_config": "vpc_config",
}
"""Properties with another name, in snake case."""

_OPAQUE = frozenset({"policy", "assume_role_policy_document", "variables", "access_policies"})
"""Properties whose keys are data and stay as they are: policies and environment variables."""

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """``DBInstanceClass`` as ``db_instance_class``."""
    low = _BOUNDARY.sub("_", name).lower()
    return PROPERTIES.get(low, low)


def keeps_keys(name: str) -> bool:
    """Whether what stands under this property is data."""
    return name in _OPAQUE


def type_name(name: str) -> str:
    """A type in Terraform's words; other vendors' and custom types stay as they are."""
    if name in TYPES:
        return TYPES[name]
    parts = name.split("::")
    if len(parts) != 3 or parts[0] != "AWS":
        return name
    return f"aws_{snake(parts[1]).replace('sage_maker', 'sagemaker').replace('elasti_cache', 'elasticache').replace('_', '')}_{snake(parts[2])}"

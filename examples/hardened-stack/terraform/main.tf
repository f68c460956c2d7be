resource "aws_kms_key" "models" {
  enable_key_rotation = true
}

resource "aws_s3_bucket" "models" {
  bucket = "acme-models"
}

resource "aws_s3_bucket_public_access_block" "models" {
  bucket                  = aws_s3_bucket.models.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "models" {
  bucket = aws_s3_bucket.models.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "models" {
  bucket = aws_s3_bucket.models.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.models.arn
    }
  }
}

resource "aws_s3_bucket_logging" "models" {
  bucket        = aws_s3_bucket.models.id
  target_bucket = "acme-audit"
  target_prefix = "models/"
}

resource "aws_security_group" "inference" {
  name = "inference"
  ingress {
    from_port   = 8000
    to_port     = 8000
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/16"]
  }
}

resource "aws_iam_role_policy" "training" {
  name = "training"
  role = "training"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "${aws_s3_bucket.models.arn}/training/*"
    }]
  })
}

resource "aws_sagemaker_notebook_instance" "lab" {
  name                   = "lab"
  role_arn               = "arn:aws:iam::123456789012:role/training"
  instance_type          = "ml.g5.xlarge"
  subnet_id              = "subnet-0a1b2c3d"
  security_groups        = [aws_security_group.inference.id]
  kms_key_id             = aws_kms_key.models.arn
  direct_internet_access = "Disabled"
  root_access            = "Disabled"
  instance_metadata_service_configuration {
    minimum_instance_metadata_service_version = "2"
  }
}

resource "aws_db_instance" "tracking" {
  identifier                  = "tracking"
  engine                      = "postgres"
  instance_class              = "db.t3.medium"
  allocated_storage           = 50
  username                    = "mlflow"
  manage_master_user_password = true
  storage_encrypted           = true
  kms_key_id                  = aws_kms_key.models.arn
  publicly_accessible         = false
}

# Resources of the three clouds with good and bad settings, as a team without the CDK would write them.
# tests/assurance/test_checkov.py compares the checkov command on this file with the gate on the same resources.

resource "aws_kms_key" "key" {
  description         = "lake"
  enable_key_rotation = true
  policy              = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"*\"}, \"Action\": \"kms:*\", \"Resource\": \"*\"}]}"
}

resource "aws_s3_bucket" "lake" {
  bucket = "lake"
}

resource "aws_s3_bucket_public_access_block" "lake" {
  bucket                  = aws_s3_bucket.lake.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = false
}

resource "aws_s3_bucket_versioning" "lake" {
  bucket = aws_s3_bucket.lake.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "lake" {
  bucket = aws_s3_bucket.lake.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.key.arn
    }
  }
}

resource "aws_s3_bucket" "other" {
  bucket = "other"
}

resource "aws_db_instance" "database" {
  engine                  = "postgres"
  engine_version          = "16"
  instance_class          = "db.t4g.small"
  storage_encrypted       = true
  kms_key_id              = aws_kms_key.key.arn
  publicly_accessible     = true
  multi_az                = false
  backup_retention_period = 7
  deletion_protection     = true
}

resource "aws_security_group" "open" {
  name        = "open"
  description = "open"
  ingress {
    description = "ssh"
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    description = "https"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_iam_policy" "everything" {
  name   = "everything"
  policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}"
}

resource "aws_iam_role" "role" {
  name               = "role"
  assume_role_policy = "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Principal\": {\"AWS\": \"*\"}, \"Action\": \"sts:AssumeRole\"}]}"
}

resource "aws_eks_cluster" "cluster" {
  name     = "cluster"
  version  = "1.33"
  role_arn = aws_iam_role.role.arn
  vpc_config {
    subnet_ids             = ["subnet-1"]
    endpoint_public_access = true
    public_access_cidrs    = ["0.0.0.0/0"]
  }
}

resource "aws_elasticache_replication_group" "cache" {
  replication_group_id       = "cache"
  description                = "cache"
  at_rest_encryption_enabled = true
  transit_encryption_enabled = false
}

resource "aws_cloudtrail" "trail" {
  name                       = "trail"
  s3_bucket_name             = aws_s3_bucket.lake.id
  enable_log_file_validation = true
  is_multi_region_trail      = false
}

resource "aws_sns_topic" "alarms" {
  name = "alarms"
}

resource "aws_ecr_repository" "images" {
  name                 = "images"
  image_tag_mutability = "IMMUTABLE"
  image_scanning_configuration {
    scan_on_push = false
  }
}

resource "azurerm_storage_account" "lake" {
  name                            = "lake"
  resource_group_name             = "g"
  location                        = "westeurope"
  account_tier                    = "Standard"
  account_replication_type        = "LRS"
  min_tls_version                 = "TLS1_2"
  public_network_access_enabled   = false
  shared_access_key_enabled       = true
  allow_nested_items_to_be_public = true
  network_rules {
    default_action = "Allow"
  }
}

resource "azurerm_storage_container" "bronze" {
  name                  = "bronze"
  storage_account_id    = azurerm_storage_account.lake.id
  container_access_type = "private"
}

resource "azurerm_key_vault" "vault" {
  name                          = "vault"
  resource_group_name           = "g"
  location                      = "westeurope"
  sku_name                      = "premium"
  tenant_id                     = "00000000-0000-4000-8000-000000000002"
  purge_protection_enabled      = true
  soft_delete_retention_days    = 30
  public_network_access_enabled = true
}

resource "azurerm_kubernetes_cluster" "cluster" {
  name                    = "cluster"
  resource_group_name     = "g"
  location                = "westeurope"
  local_account_disabled  = false
  private_cluster_enabled = true
  default_node_pool {
    name       = "system"
    node_count = 1
    vm_size    = "Standard_D2s_v5"
  }
  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_postgresql_flexible_server" "database" {
  name                         = "database"
  resource_group_name          = "g"
  location                     = "westeurope"
  geo_redundant_backup_enabled = false
}

resource "google_storage_bucket" "lake" {
  name                        = "lake"
  location                    = "EU"
  uniform_bucket_level_access = true
  public_access_prevention    = "inherited"
  versioning {
    enabled = true
  }
}

resource "google_sql_database_instance" "database" {
  name             = "database"
  database_version = "POSTGRES_16"
  settings {
    tier = "db-custom-2-7680"
    ip_configuration {
      ipv4_enabled = true
      authorized_networks {
        name  = "everybody"
        value = "0.0.0.0/0"
      }
    }
    backup_configuration {
      enabled = true
    }
    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }
    database_flags {
      name  = "log_connections"
      value = "off"
    }
  }
}

resource "google_container_cluster" "cluster" {
  name                     = "cluster"
  location                 = "europe-west3"
  enable_legacy_abac       = true
  remove_default_node_pool = true
  initial_node_count       = 1
  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = false
    master_ipv4_cidr_block  = "172.16.0.0/28"
  }
}

resource "google_compute_firewall" "ssh" {
  name          = "ssh"
  network       = "net"
  source_ranges = ["0.0.0.0/0"]
  allow {
    protocol = "tcp"
    ports    = ["22"]
  }
}

resource "google_project_iam_member" "editor" {
  project = "p"
  role    = "roles/editor"
  member  = "serviceAccount:a@p.iam.gserviceaccount.com"
}

resource "google_kms_crypto_key" "key" {
  name            = "key"
  key_ring        = "ring"
  rotation_period = "31536000s"
}

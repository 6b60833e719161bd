"""What `sam package` and CloudFormation's transform do, at an endpoint that does neither for AWS SAM.

    package.py package ENDPOINT BUCKET TEMPLATE FUNCTIONS ARCHITECTURE TRANSFORMED
    package.py upload ENDPOINT BUCKET FILE

FUNCTIONS has a folder for each function, with its `bootstrap`.
"""

import io
import json
import sys
import zipfile
from pathlib import Path

import boto3
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The transform asks IAM for AWS's own policies, by their names; this template names none."""

    def load(self):
        return {}


def archive(bootstrap):
    contents = io.BytesIO()
    # Fast rather than small: it does not leave this machine.
    with zipfile.ZipFile(contents, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as files:
        files.write(bootstrap, "bootstrap")
    return contents.getvalue()


def package(s3, bucket, template, functions, architecture, transformed):
    document = yaml_parse(Path(template).read_text())
    document["Globals"]["Function"]["Architectures"] = [architecture]
    s3.create_bucket(Bucket=bucket)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            name = Path(resource["Properties"]["CodeUri"]).name
            s3.put_object(Bucket=bucket, Key=name, Body=archive(Path(functions) / name / "bootstrap"))
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": name}
    Path(transformed).write_text(json.dumps(transform(document, {}, NoManagedPolicies())))


def upload(s3, bucket, file):
    s3.put_object(Bucket=bucket, Key=Path(file).name, Body=Path(file).read_bytes())


def main(command, endpoint, *arguments):
    s3 = boto3.client("s3", endpoint_url=endpoint)
    {"package": package, "upload": upload}[command](s3, *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])

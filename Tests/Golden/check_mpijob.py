#!/usr/bin/env python3
"""Checks launch/kubernetes-mpijob.yaml: the job by the fields of kubeflow.org/v2beta1 (names and types as in mpi-operator's
API, pkg/apis/kubeflow/v2beta1), its pods by Kubernetes' own schema, unknown fields refused.

  check_mpijob.py [FILE]        needs kubernetes-validate and PyYAML from PyPI
"""
import copy
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

KUBERNETES = "1.31"


def fields(required=(), **types):
    return dict(type="object", properties=types, required=list(required), additionalProperties=False)


INTEGER, TEXT, FLAG, ANYTHING = dict(type="integer"), dict(type="string"), dict(type="boolean"), {}
REPLICAS = fields(["template"], replicas=INTEGER, template=ANYTHING,
                  restartPolicy=dict(enum=["Always", "OnFailure", "Never", "ExitCode"]))
JOB = fields(
    ["apiVersion", "kind", "metadata", "spec"], apiVersion=dict(const="kubeflow.org/v2beta1"), kind=dict(const="MPIJob"),
    metadata=dict(type="object", required=["name"]),
    spec=fields(
        ["mpiReplicaSpecs"], slotsPerWorker=INTEGER, sshAuthMountPath=TEXT, waitForWorkers=FLAG, launcherCreationPolicy=TEXT,
        mpiImplementation=dict(enum=["OpenMPI", "Intel", "MPICH"]),
        runPolicy=fields(
            backoffLimit=INTEGER, cleanPodPolicy=dict(enum=["None", "Running", "All"]), activeDeadlineSeconds=INTEGER,
            ttlSecondsAfterFinished=INTEGER, schedulingPolicy=ANYTHING, suspend=FLAG, managedBy=TEXT),
        mpiReplicaSpecs=fields(["Launcher", "Worker"], Launcher=REPLICAS, Worker=REPLICAS)))


def check(job):
    """The number of pods' templates that were found right; raises where something is wrong."""
    jsonschema.Draft202012Validator(JOB).validate(job)
    replicas = job["spec"]["mpiReplicaSpecs"]
    for name, part in replicas.items():
        pod = dict(apiVersion="v1", kind="Pod", metadata=dict(name=name.lower()), spec=part["template"]["spec"])
        kubernetes_validate.validate(pod, KUBERNETES, strict=True)
    return len(replicas)


def refuses(job, change):
    """Whether a planted fault is found."""
    wrong = copy.deepcopy(job)
    change(wrong)
    try:
        check(wrong)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError):
        return True
    return False


def main():
    default = pathlib.Path(__file__).resolve().parents[2] / "launch/kubernetes-mpijob.yaml"
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    job = yaml.safe_load(path.read_text())
    pods = check(job)

    def container(faulty):
        return faulty["spec"]["mpiReplicaSpecs"]["Worker"]["template"]["spec"]["containers"][0]

    faults = [
        lambda faulty: faulty["spec"].update(slots=1),
        lambda faulty: faulty["spec"]["runPolicy"].update(backoffLimit="20"),
        lambda faulty: container(faulty).update(comand=["x"]),
        lambda faulty: container(faulty)["volumeMounts"][0].pop("mountPath"),
    ]
    missed = [number for number, fault in enumerate(faults) if not refuses(job, fault)]
    if missed:
        sys.exit(f"planted faults not found: {missed}")
    print(f"{path}: an MPIJob of kubeflow.org/v2beta1, {pods} pods of Kubernetes {KUBERNETES}; "
          f"{len(faults)} planted faults found")


main()

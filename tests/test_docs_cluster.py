"""Every example of docs/cluster.md is at least what it says it is: Python, shell or YAML, with options that exist."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.commands.group import main

PAGE = (Path(__file__).parents[1] / "docs" / "cluster.md").read_text("utf-8")
FENCES = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


def of(language):
    return [text for name, text in FENCES if name == language]


def test_every_deployer_has_an_example():
    assert sorted(name for name, _ in FENCES) == sorted(["python"] * 3 + ["bash"] * 3 + ["yaml", "dockerfile"])
    assert [re.search(r"(\w+Cluster)\(", text)[1] for text in of("python")] == [
        "LocalCluster",
        "SLURMCluster",
        "SSHCluster",
    ]


@pytest.mark.parametrize("text", of("python"), ids=["local", "slurm", "ssh"])
def test_python_is_python_that_does_nothing_when_a_worker_imports_it(text):
    tree = ast.parse(text)
    assert all(isinstance(node, ast.Import | ast.ImportFrom | ast.If) for node in tree.body)


@pytest.mark.parametrize("text", of("python")[::2], ids=["local", "ssh"])
def test_settings_of_dasks_own_deployers_exist(text):
    deploy = pytest.importorskip("distributed.deploy")
    call = next(
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and getattr(n.func, "id", "")[-7:] == "Cluster"
    )
    known = getattr(deploy, call.func.id)
    code = getattr(known, "__init__", known) if isinstance(known, type) else known
    assert {keyword.arg for keyword in call.keywords} <= set(code.__code__.co_varnames)


@pytest.mark.parametrize("text", of("bash"), ids=["by hand", "slurm", "kubernetes"])
def test_shell_is_shell(text):
    done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_yaml_is_a_cluster_whose_parts_fit():
    yaml = pytest.importorskip("yaml")
    (text,) = of("yaml")
    made = yaml.safe_load(text)
    scheduler, worker = made["spec"]["scheduler"], made["spec"]["worker"]
    (there,), (here,) = scheduler["spec"]["containers"], worker["spec"]["containers"]
    assert there["image"] == here["image"]
    assert here["args"][:2] == ["dask", "worker"]
    ports = {port["name"]: port["containerPort"] for port in there["ports"]}
    assert {port["targetPort"]: port["port"] for port in scheduler["service"]["ports"]} == ports
    assert scheduler["service"]["selector"]["dask.org/cluster-name"] == made["metadata"]["name"]


@pytest.mark.parametrize("verb", ["run", "generalise", "metatrain"])
def test_the_option_is_there(verb):
    assert "--dask ADDRESS" in CliRunner().invoke(main, [verb, "--help"]).output

"""jaxlib's client for processors: HLO in, a program out that runs on arrays of its own and can be kept as bytes.

The only module that calls jaxlib. It calls what JAX itself calls and what is not promised to stay, hence the narrow
range of versions in `executor`.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from bench.engine import numerics

POLICY = "1"
"""Raised when the options below change: they move last digits."""
LOOP = 2**30
"""Bytes up to which a loop of few numbers becomes one kernel."""
_OPERATION = re.compile(r" = \S+ ([a-z][\w-]*)\(")
_TARGET = re.compile(r'custom_call_target="([^"]*)"')
_NAME = re.compile(r"%[\w.\-]+")
_HEAD = re.compile(r"^HloModule [^,\n]*")


class Refused(Exception):
    """Why jaxlib cannot take a program, in a few words."""


class Hlo:
    """A program as TensorFlow lowers it: a serialized HloModuleProto."""

    def __init__(self, serialized: bytes):
        self.computation = _jaxlib("_hlo").XlaComputation(serialized)

    @functools.cached_property
    def text(self) -> str:
        """All that it computes, constants included; names are numbers, as TensorFlow counts them over the process."""
        how = _jaxlib("_hlo").HloPrintOptions()
        how.print_metadata = False
        how.print_large_constants = True
        names: dict[str, str] = {}
        text = _HEAD.sub("HloModule", self.computation.get_hlo_module().to_string(how))
        return _NAME.sub(lambda found: names.setdefault(found[0], f"%{len(names)}"), text)

    @property
    def operations(self) -> set[str]:
        return set(_OPERATION.findall(self.text))

    @property
    def parameters(self) -> int:
        return len(self.computation.program_shape().parameter_shapes())

    def verify(self) -> None:
        """Raises Refused for calls to code that TensorFlow brings and jaxlib may not."""
        if called := sorted(set(_TARGET.findall(self.text))):
            raise Refused(f"it calls {called[0]}")


class Executable:
    """A program that jaxlib runs: flat buffers in, flat buffers out. It waits for the end of its run."""

    def __init__(self, loaded: Any):
        self._loaded = loaded

    def __call__(self, buffers: Sequence[Any]) -> list[Any]:
        results = self._loaded.execute_sharded(buffers).disassemble_into_single_device_arrays()
        return [result[0] for result in results]

    def serialized(self) -> bytes:
        return self._loaded.serialize()

    @classmethod
    def compiled(cls, hlo: Hlo, *, as_kernel: bool) -> Executable:
        """Raises Refused; MemoryError where there is not enough."""
        _jax = _jaxlib("_jax")
        hlo.verify()
        try:
            module = _jax.mlir.xla_computation_to_mlir_module(hlo.computation)
            return cls(_client().compile_and_load(module, _devices(), _options(as_kernel)))
        except _jax.JaxRuntimeError as problem:
            if "RESOURCE_EXHAUSTED" in str(problem):
                raise MemoryError(str(problem)) from None
            raise Refused(" ".join(str(problem).split())[:120]) from None

    @classmethod
    def restored(cls, serialized: bytes) -> Executable:
        """What `serialized` gave. Raises Refused for what jaxlib does not load."""
        _jax = _jaxlib("_jax")
        try:
            return cls(_client().deserialize_executable(serialized, _devices(), _options(False)))
        except _jax.JaxRuntimeError as problem:
            raise Refused(" ".join(str(problem).split())[:120]) from None


def buffer(tensor: Any) -> Any:
    """A tensor of TensorFlow's as a buffer of jaxlib's: the same memory where it is aligned, and kept as long."""
    return _jaxlib("_jax").dlpack_managed_tensor_to_buffer(tf.experimental.dlpack.to_dlpack(tensor), _device(), None)


def array(result: Any) -> np.ndarray:
    """A view of a buffer, which it keeps."""
    return np.asarray(memoryview(result))


@functools.cache
def _jaxlib(module: str) -> Any:
    return importlib.import_module(f"jaxlib.{module}")


@functools.cache
def _client() -> Any:
    return _jaxlib("_jax").get_tfrt_cpu_client(asynchronous=False)


@functools.cache
def _device() -> Any:
    return _client().local_devices()[0]


@functools.cache
def _devices() -> Any:
    return _jaxlib("_jax").DeviceList((_device(),))


def _options(as_kernel: bool) -> Any:
    """One thread, wide vectors where there are any, fewer copies; `as_kernel`: each loop becomes one kernel."""
    _jax = _jaxlib("_jax")
    options = _jax.CompileOptions()
    options.num_replicas = options.num_partitions = 1
    wide = [("xla_cpu_prefer_vector_width", 512)] if "avx512f" in numerics.processor_kind().split() else []
    options.env_option_overrides = [
        *wide,
        ("xla_cpu_copy_insertion_use_region_analysis", True),
        ("xla_cpu_multi_thread_eigen", False),
    ]
    if not as_kernel:
        return options
    return _jax.CompileOptions.ParseFromString(options.SerializeAsString() + _loops_as_kernels())


def _loops_as_kernels() -> bytes:
    """The option as protocol buffers have it: a map of strings, which `env_option_overrides` cannot set.

    CompileOptionsProto.executable_build_options = 3, ExecutableBuildOptionsProto.debug_options = 3,
    DebugOptions.xla_backend_extra_options = 500 (xla.proto, xla/pjrt/proto/compile_options.proto).
    """
    entry = _field(1, b"xla_cpu_small_while_loop_byte_threshold") + _field(2, str(LOOP).encode())
    return _field(3, _field(3, _field(500, entry)))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(n: int) -> bytes:
    return bytes([n]) if n < 128 else bytes([n & 127 | 128]) + _varint(n >> 7)

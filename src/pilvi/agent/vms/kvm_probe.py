"""Whether /dev/kvm runs guests at hardware speed; `python -m pilvi.agent.vms.kvm_probe`.

A device node that opens, and even a vm that starts, prove nothing: some hosts interpret every
instruction. The probe runs a short 64-bit loop in a vCPU against a deadline and prints `ok`,
`slow`, or why not. It runs as a process of its own, as it changes signal handlers and may hang.

Numbers and structures: Linux, include/uapi/linux/kvm.h and arch/x86/include/uapi/asm/kvm.h.
"""

import ctypes
import fcntl
import mmap
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from pilvi.agent.vms.command_line import Accelerator

ITERATIONS = 2_000_000
DEADLINE_S = 0.4
# Hardware does several hundred million in a second, an interpreter about one million.
ITERATIONS_PER_S_MIN = 50e6
TIMEOUT_S = 10.0

_GET_API_VERSION, _CREATE_VM, _GET_MMAP_SIZE = 0xAE00, 0xAE01, 0xAE04
_CREATE_VCPU, _SET_TSS, _SET_MEMORY, _RUN = 0xAE41, 0xAE47, 0x4020AE46, 0xAE80
_SET_REGS, _GET_SREGS, _SET_SREGS = 0x4090AE82, 0x8138AE83, 0x4138AE84
_SREGS_SIZE, _SEGMENT_SIZE, _EXIT_HALT = 0x138, 24, 5
_MEMORY_SIZE = 0x10000
_PML4, _PDPT, _PD, _CODE, _STACK = 0x1000, 0x2000, 0x3000, 0x4000, 0x8000


def choose_accelerator() -> Accelerator:
    """KVM where the probe says that it runs guests and a guest's uid may open it, otherwise TCG."""
    try:
        device = Path("/dev/kvm").stat()
    except OSError:
        return Accelerator("tcg")
    is_open, has_group = device.st_mode & 0o006 == 0o006, device.st_mode & 0o060 == 0o060
    if not (is_open or (has_group and device.st_gid)) or probe_kvm() != "ok":
        return Accelerator("tcg")
    return Accelerator("kvm", None if is_open else device.st_gid)


def probe_kvm() -> str:
    """Run the probe in a child process: `ok`, or why KVM is not used."""
    try:
        child = subprocess.run(
            [sys.executable, "-m", "pilvi.agent.vms.kvm_probe"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    except subprocess.TimeoutExpired:
        return "broken: the probe hangs"
    return child.stdout.decode(errors="replace").strip() or "broken: the probe died"


def measure() -> str:
    """Probe in this process: `ok`, `slow`, or why not."""
    try:
        device = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        return f"absent: {error.strerror}"
    try:
        version = fcntl.ioctl(device, _GET_API_VERSION)
        if version != 12:
            return f"broken: API version {version}"
        vm = fcntl.ioctl(device, _CREATE_VM, 0)
        memory = _load_program(vm)
        vcpu = fcntl.ioctl(vm, _CREATE_VCPU, 0)
        state = mmap.mmap(vcpu, fcntl.ioctl(device, _GET_MMAP_SIZE))
        _enter_long_mode(vcpu)
        answer = _run(vcpu, state)
        del memory
        return answer
    except OSError as error:
        return f"broken: {error.strerror}"


def _load_program(vm: int) -> mmap.mmap:
    """Guest memory with page tables and `mov ecx, N; dec ecx; jnz; hlt`."""
    memory = mmap.mmap(-1, _MEMORY_SIZE)
    memory[_PML4 : _PML4 + 8] = struct.pack("<Q", _PDPT | 3)
    memory[_PDPT : _PDPT + 8] = struct.pack("<Q", _PD | 3)
    memory[_PD : _PD + 8] = struct.pack("<Q", 0x83)
    code = b"\xb9" + struct.pack("<I", ITERATIONS) + b"\xff\xc9\x75\xfc\xf4"
    memory[_CODE : _CODE + len(code)] = code
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    # Below 2**31, which is what Python's ioctl takes as a number.
    fcntl.ioctl(vm, _SET_TSS, 0x7FFBD000)
    fcntl.ioctl(vm, _SET_MEMORY, struct.pack("<IIQQQ", 0, 0, 0, _MEMORY_SIZE, address))
    return memory


def _enter_long_mode(vcpu: int) -> None:
    sregs = bytearray(_SREGS_SIZE)
    fcntl.ioctl(vcpu, _GET_SREGS, sregs)
    sregs[0:_SEGMENT_SIZE] = _segment(selector=8, kind=11, is_64_bit=1)
    for index in range(1, 6):
        start = _SEGMENT_SIZE * index
        sregs[start : start + _SEGMENT_SIZE] = _segment(selector=16, kind=3, is_64_bit=0)
    # After eight segments and two descriptor tables: cr0, cr2, cr3, cr4, cr8, efer, apic_base.
    offset = _SEGMENT_SIZE * 8 + 32
    (apic,) = struct.unpack_from("<Q", sregs, offset + 48)
    struct.pack_into("<7Q", sregs, offset, 0x80050033, 0, _PML4, 0x20, 0, 0x500, apic)
    fcntl.ioctl(vcpu, _SET_SREGS, bytes(sregs))
    registers = [0] * 18
    registers[7], registers[16], registers[17] = _STACK, _CODE, 2
    fcntl.ioctl(vcpu, _SET_REGS, struct.pack("<18Q", *registers))


def _segment(*, selector: int, kind: int, is_64_bit: int) -> bytes:
    flags = (kind, 1, 0, 1 - is_64_bit, 1, is_64_bit, 1, 0, 0, 0)
    return struct.pack("<QIH10B", 0, 0xFFFFFFFF, selector, *flags)


def _run(vcpu: int, state: mmap.mmap) -> str:
    signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)
    begin = time.perf_counter()
    try:
        fcntl.ioctl(vcpu, _RUN, 0)
    except TimeoutError:
        return "slow"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    elapsed_s = time.perf_counter() - begin
    (reason,) = struct.unpack_from("<I", state, 8)
    if reason != _EXIT_HALT:
        return f"broken: exit reason {reason}"
    return "ok" if ITERATIONS / elapsed_s > ITERATIONS_PER_S_MIN else "slow"


def _give_up(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TimeoutError


if __name__ == "__main__":
    print(measure())

"""What a command took, on a machine that others use too."""
import os
import subprocess
import sys
import time


def busy():
    """Core seconds that all processes of this machine have used."""
    with open("/proc/stat") as stat:
        user, nice, system, idle, wait, irq, soft, steal = map(int, stat.readline().split()[1:9])
    return (user + nice + system + irq + soft) / os.sysconf("SC_CLK_TCK")


def timed(command, out=subprocess.DEVNULL):
    """Wall s, CPU s, peak MB of a command in a process of its own, and how many cores others took meanwhile."""
    start, before = time.perf_counter(), busy()
    process = subprocess.Popen(command, stdout=out)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)[:200]} failed")
    wall, cpu = time.perf_counter() - start, used.ru_utime + used.ru_stime
    return wall, cpu, used.ru_maxrss / 1024, max(0.0, busy() - before - cpu) / wall

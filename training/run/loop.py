"""The only training loop."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list, send_to_device
from torch import nn

from stylizer.models.checkpoint import load_checkpoint
from stylizer.models.number_type import fast_type

from .alarms import LOOK_EVERY, Alarms, TrainingAlarm
from .batches import batches_of
from .config import RunConfig, UserMistake, from_plain, read_options, write_options
from .ema import AveragedWeights
from .lock import training_alone
from .method import (
    AdamSettings,
    Carry,
    Method,
    Phase,
    find_method,
    only_train,
    step_seed,
    trainable_parameters,
)
from .processes import mean_gradients, open_device, share_buffers, shared_means
from .report import Report
from .snapshots import (
    RunState,
    Saver,
    leave_on_signal,
    newest_snapshot,
    read_snapshot,
    take_weights,
)

PRECISIONS = {"float32": "no", "bfloat16": "bf16"}
EMULATED = (
    "this processor only emulates bfloat16, which takes some ten times as long; "
    "--precision float32 is faster here"
)


def start(name: str, config: RunConfig) -> Path:
    """Train method `name` from the first step in a new folder; return the folder.

    Raises UserMistake for options that cannot be met, TrainingAlarm when training had to stop.
    """
    accelerator = open_accelerator(config)
    run = config.out / (config.name or next_name(config.out, name))
    run = Path(broadcast_object_list([str(run)])[0])
    if accelerator.is_main_process and (run / "options.json").exists():
        raise UserMistake(f"{run} already holds a run; resume it or give another name.")
    config = config.resolved()
    method = build(name, config)
    if accelerator.is_main_process:
        run.mkdir(parents=True, exist_ok=True)
        write_options(run, name, config)
    return train(method, config, run, accelerator)


def resume(run: Path, **changes: Any) -> Path:
    """Go on with the run in a folder from its newest whole snapshot; `changes` replace options.

    Raises UserMistake when the folder holds no run.
    """
    name, options = read_options(run)
    config = from_plain(find_method(name)[0], {**options, **changes})
    return train(build(name, config), config, run, open_accelerator(config))


def next_name(out: Path, method: str) -> str:
    """Return the method's name with the first number that no folder in `out` has."""
    number = 1
    while (out / f"{method}-{number:03d}").exists():
        number += 1
    return f"{method}-{number:03d}"


def build(name: str, config: RunConfig) -> Method[Any]:
    """Make the method with its first weights, a function of the seed."""
    torch.manual_seed(config.seed)
    return find_method(name)[1](config)


def open_accelerator(config: RunConfig) -> Accelerator:
    """Open Accelerate on the device that the options name."""
    # told that it is the CPU, Accelerate joins the processes there; left to itself it would run them apart
    cpu = open_device(config.device).type == "cpu"
    accelerator = Accelerator(cpu=cpu, mixed_precision=PRECISIONS[config.precision])
    launched = int(os.environ.get("WORLD_SIZE", 1))
    if accelerator.num_processes != launched:
        raise UserMistake(
            f"{launched} processes were launched, but {accelerator.num_processes} of them work together; "
            "give --device cpu where they have no accelerators."
        )
    return accelerator


def begin(method: Method[Any], config: RunConfig, averaged: AveragedWeights, report: Report) -> None:
    """Give a new run its first weights: the method's own, or those that the options name."""
    method.first_look()
    if config.init:
        begin_from(config.init, method, report)
    else:
        method.begin()
    averaged.nets.load_state_dict(method.nets.state_dict())


def begin_from(source: Path, method: Method[Any], report: Report) -> None:
    """Take the first weights from a checkpoint folder or a snapshot, and say what did not fit."""
    if (source / "config.json").is_file():
        try:
            network = load_checkpoint(source)
            method.begin_with(network)
        except RuntimeError as error:
            names = " and ".join(method.publish(method.nets))
            raise UserMistake(f"{source} is no {names} of the shape that this run trains.") from error
        for own in method.publish(method.nets).values():
            if told := differences(getattr(own, "config", None), network.config):
                report.say(0, f"this run paints otherwise than {source}, which it begins from: {told}")
    elif (source / "state.json").is_file():
        tensors, plain = read_snapshot(source)
        # the averaged weights are the better start: what the last learning rate shook off is gone
        missed = take_weights(method.nets, tensors, "averaged")
        report.say(
            0,
            f"started from step {plain['step']} of {source}; {len(missed)} tensors are new: "
            f"{', '.join(missed[:8]) or 'none'}",
        )
    else:
        raise UserMistake(f"{source} is neither a checkpoint folder nor a snapshot.")


def differences(own: object, other: object) -> str:
    """Name the numbers and switches in which two configs of one class differ; empty: there are none."""
    if type(own) is not type(other) or not is_dataclass(own):
        return ""
    pairs = {one.name: (getattr(own, one.name), getattr(other, one.name)) for one in fields(own)}
    return "; ".join(
        f"{name} is {mine}, there {theirs}"
        for name, (mine, theirs) in pairs.items()
        if isinstance(mine, bool | int | float) and mine != theirs
    )


@dataclass(frozen=True)
class Trainer:
    """What the loop trains with: the method and its tools."""

    method: Method[Any]
    accelerator: Accelerator
    trainable: Mapping[str, Mapping[str, nn.Parameter]]
    settings: Mapping[str, AdamSettings]
    optimizers: Mapping[str, torch.optim.Optimizer]
    report: Report
    alarms: Alarms


def train(method: Method[Any], config: RunConfig, run: Path, accelerator: Accelerator) -> Path:
    """Run the loop from the newest snapshot, if any, to the last step.

    Raises UserMistake when another process trains this run.
    """
    with training_alone(run) if accelerator.is_main_process else contextlib.nullcontext():
        return _train(method, config, run, accelerator)


def _train(method: Method[Any], config: RunConfig, run: Path, accelerator: Accelerator) -> Path:
    main, processes = accelerator.is_main_process, accelerator.num_processes
    for part in (method.nets, method.memory, method.fixed):
        part.to(accelerator.device)
    method.nets.train()
    averaged = AveragedWeights(method.nets, config.ema, config.batch * processes)
    trainable, settings = trainable_parameters(method.nets), method.optimizers()
    optimizers = {
        net: torch.optim.Adam(setting.groups(trainable[net]), eps=setting.eps)
        for net, setting in settings.items()
    }
    modules = {"nets": method.nets, "memory": method.memory, "averaged": averaged.nets}
    state = RunState(modules, optimizers, trainable, processes=processes)
    found = newest_snapshot(run)
    if found:
        state.restore(*found[:2])

    saver = Saver(state, run, config, main)
    with Report(run, state.step, config.steps, silent=not main) as report, leave_on_signal() as leaving:
        if found:
            for fault in found[2]:
                report.say(state.step, fault)
        else:
            begin(method, config, averaged, report)
        if config.precision == "bfloat16" and fast_type(accelerator.device.type) == torch.float32:
            report.say(state.step, EMULATED)
        share_weights(method.nets, accelerator)
        trainer = Trainer(method, accelerator, trainable, settings, optimizers, report, Alarms())
        fixed = send_to_device(method.sample_batch(), accelerator.device)
        batches = iter(batches_of(method, accelerator, state.step))
        for step in range(state.step, config.steps):
            try:
                run_step(trainer, batches, step)
            except TrainingAlarm:
                saver.save("alarm")  # for the post-mortem; resume goes back to the last good one
                raise
            share_buffers(method.nets)
            averaged.update(method.nets, step)
            state.step = step + 1
            report.advance()
            for warning in trainer.alarms.collect():
                report.say(step, warning)
            if state.step % config.log_every == 0:
                report.write(state.step, config.batch * processes)
            leave = anyone(accelerator, bool(leaving) or saver.out_of_time())
            last = leave or state.step == config.steps
            if main and (last or state.step % config.sample_every == 0):
                with apart(accelerator):
                    report.picture(state.step, method.sample(averaged.nets, fixed))
            if main and (last or saver.due()):
                save(trainer, averaged, fixed, saver)
            if leave:
                report.say(state.step, f"stopped at step {state.step} of {config.steps}; `resume` goes on.")
                break
    accelerator.wait_for_everyone()
    return run


def save(trainer: Trainer, averaged: AveragedWeights, fixed: Any, saver: Saver) -> None:
    """Save a snapshot, with its score where the method gives one."""
    with apart(trainer.accelerator):
        score = trainer.method.score(averaged.nets, fixed)
    if score is not None:
        trainer.report.score(saver.state.step, score)
    saver.save(score=score)


def run_step(trainer: Trainer, batches: Iterator[Any], step: int) -> None:
    """Do the phases of one step; its random numbers are a function of (seed, step, process)."""
    accelerator, method = trainer.accelerator, trainer.method
    number = step * accelerator.num_processes + accelerator.process_index
    torch.manual_seed(step_seed(method.config.seed, number))
    batch, carry = method.measured(send_to_device(next(batches), accelerator.device)), Carry()
    for phase in method.phases:
        if phase.due(step):
            run_phase(trainer, phase, batch, carry, step)


def run_phase(trainer: Trainer, phase: Phase, batch: Any, carry: Carry, step: int) -> None:
    """Do one phase: losses, gradients, one step of its networks' optimizers, figures."""
    accelerator, report, alarms = trainer.accelerator, trainer.report, trainer.alarms
    only_train(trainer.trainable, phase.steps)
    with accelerator.autocast():
        losses = phase.loss(batch, carry, step)
    found, figures = shared_means(losses), shared_means(carry.taken_figures())
    if not found:
        return  # nothing to learn here, in any process
    if losses:
        accelerator.backward(phase.weight * sum(losses.values()))
    parameters = [parameter for net in phase.steps for parameter in trainer.trainable[net].values()]
    mean_gradients(parameters)
    norm = float(accelerator.clip_grad_norm_(parameters, trainer.method.config.clip or float("inf")))
    alarms.finite(phase.name, step, found, norm)
    for net in phase.steps:
        set_rates(trainer.optimizers[net], trainer.settings[net], step)
        trainer.optimizers[net].step()
    values = {**found, **figures, "norm": norm, "lr": trainer.settings[phase.steps[0]].lr(step)}
    for name, value in values.items():
        report.add(f"{phase.name}/{name}", value)
    alarms.gradient(phase.name, step, norm)
    if "critic_right" in values:
        alarms.critic(phase.name, step, values["critic_right"])
    if carry.painted is not None and step % LOOK_EVERY == 0:
        alarms.pictures(phase.name, step, carry.painted)
        if carry.source is not None:
            alarms.colors(phase.name, step, carry.source, carry.painted)


def set_rates(optimizer: torch.optim.Optimizer, setting: Any, step: int) -> None:
    """Give an optimizer the rates of this step."""
    for group in optimizer.param_groups:
        group["lr"], group["betas"] = setting.lr(step) * group["share"], setting.betas(step)


def share_weights(nets: nn.ModuleDict, accelerator: Accelerator) -> None:
    """Give every process the first one's weights."""
    if accelerator.num_processes > 1:
        for tensor in (*nets.parameters(), *nets.buffers()):
            torch.distributed.broadcast(tensor.data, 0)


def anyone(accelerator: Accelerator, wish: bool) -> bool:
    """Say whether any process wishes to leave."""
    if accelerator.num_processes == 1:
        return wish
    return bool(accelerator.reduce(torch.tensor(float(wish), device=accelerator.device), "sum") > 0)


@contextlib.contextmanager
def apart(accelerator: Accelerator) -> Iterator[None]:
    """Look without touching: no gradients, random numbers of its own."""
    devices = [accelerator.device] if accelerator.device.type == "cuda" else []
    with torch.random.fork_rng(devices), torch.no_grad(), accelerator.autocast():
        torch.manual_seed(0)
        yield

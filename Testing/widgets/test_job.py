"""Long work in a child process, played by the test: what the user is told, and when."""

import json

import pytest


class Told:
    """What a job has told."""

    def __init__(self) -> None:
        self.steps, self.results, self.faults, self.ends = [], [], [], 0

    def job(self, process, arguments=("segment", "--json"), **more):
        from SpineMetsWidgets.Job import Job

        return Job(arguments, self.step, self.results.append, self.faults.append, process, onEnded=self.end, **more)

    def step(self, *step):
        self.steps.append(step)

    def end(self):
        self.ends += 1


@pytest.fixture
def told(app):
    return Told()


@pytest.fixture
def process(processes):
    return processes()


def test_the_command_line_is_sent_with_progress_as_json(told, process):
    told.job(process, ["segment", "--out", 1]).start()
    assert json.loads(process.sent[0]) == {"argv": ["segment", "--out", "1", "--progress", "json"]}


def test_steps_are_told_and_the_result_is_the_last_other_line(told, process):
    job = told.job(process)
    job.start()
    process.onLine('{"stage": "cut", "done": 1, "total": 3, "message": "slice 1 of 3"}')
    process.onLine("a library that prints")
    process.onLine('{"volume_ml": 2.5}')
    assert job.isRunning
    process.end(0)
    assert told.steps == [("cut", 1, 3, "slice 1 of 3")]
    assert told.results == [{"volume_ml": 2.5}]
    assert (told.faults, told.ends, job.isRunning) == ([], 1, False)


def test_a_fault_of_the_input_is_told_as_the_command_line_tells_it(told, process):
    told.job(process).start()
    process.end(1, "some warning\nspinemets: outline.nrrd: has no voxels; draw the outline first\n")
    assert told.faults == ["outline.nrrd: has no voxels; draw the outline first"]
    assert told.results == []


@pytest.mark.parametrize(
    "status, faults, said",
    [
        (None, "Fatal Python error: Segmentation fault", ("Segmentation fault", "unexpectedly", "try again")),
        (None, "", ("no message", "unexpectedly")),
        (3, "", ("status 3",)),
        (130, "spinemets: cancelled: stopped before the end; nothing was written", ("from outside",)),
        (1, "Traceback ...\nModuleNotFoundError: No module named 'typer'", ("No module named 'typer'",)),
    ],
)
def test_a_crash_is_told_with_what_is_known_and_what_to_do(told, process, status, faults, said):
    told.job(process).start()
    process.end(status, faults)
    assert all(part in told.faults[0] for part in said)
    assert told.ends == 1


@pytest.mark.parametrize("end", ["cancel", "kill"])
def test_after_cancel_nothing_is_told_but_the_end(told, process, end):
    job = told.job(process)
    job.start()
    getattr(job, end)()
    getattr(job, end)()
    assert process.ends[0] == {"cancel": "interrupt", "kill": "kill"}[end]
    process.onLine('{"stage": "cut", "done": 1, "total": 3, "message": ""}')
    process.end(0)  # it was faster
    assert (told.steps, told.results, told.faults, told.ends) == ([], [], [], 1)
    assert not job.isRunning


def test_a_callback_that_fails_does_not_lose_the_end(told, process):
    from SpineMetsWidgets.Job import Job

    def broken(result):
        raise RuntimeError("a fault of the program")

    Job([], told.step, broken, told.faults.append, process, onEnded=told.end).start()
    with pytest.raises(RuntimeError):
        process.end(0)
    assert told.ends == 1


def standby(processes):
    from SpineMetsWidgets.Job import Standby

    return Standby(processes)


def test_the_warm_process_runs_the_job_and_the_next_is_warmed_after_it(told, processes):
    pool = standby(processes)
    pool.warmUp()
    pool.warmUp()
    assert len(processes) == 1
    assert processes[0].sent == []
    pool.job(["segment"], told.step, told.results.append, told.faults.append, told.end)
    assert len(processes) == 1  # two at a time would slow each other down
    processes[0].onLine("7")
    processes[0].end(0)
    assert told.results == [7]
    assert told.ends == 1
    assert len(processes) == 2
    assert processes[1].sent == []


def test_a_warm_process_that_died_is_replaced_unnoticed(told, processes):
    pool = standby(processes)
    pool.warmUp()
    processes[0].end(None, "killed for memory")
    pool.job(["segment"], told.step, told.results.append, told.faults.append)
    processes[1].end(0)
    assert told.faults == []
    assert told.results == [None]


def test_stop_ends_the_warm_process_and_all_jobs_and_starts_none(told, processes):
    pool = standby(processes)
    pool.job(["segment"], told.step, told.results.append, told.faults.append, told.end)
    pool.warmUp()
    pool.stop()
    assert [process.ends for process in processes.made] == [["kill"], ["kill"]]
    assert len(processes) == 2
    assert (told.faults, told.ends) == ([], 1)
    pool.warmUp()  # the panel is entered again
    assert len(processes) == 3

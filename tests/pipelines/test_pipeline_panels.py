"""What the notebook shows of pipelines: a figure with words, tables without secrets or tags."""

from pathlib import Path

from builders import write_logs
from work_builders import GROUP, INTAKE, case_of, execution, history, message, put, put_metrics, worker_line

from ddms_ops.panels.pictures import Picture
from ddms_ops.panels.pipelines import backlog_panel, dead_letters_table, stuck_table, task_durations_table

ALL = INTAKE.model_copy(update={"components": ("worker",), "state_machines": ("intake",), "title": "In $x$ <b>"})


def test_the_figure_has_words(tmp_path: Path):
    """For who cannot see it; a pipeline's title is no mathematics."""
    put_metrics(tmp_path, depth=lambda minute: 4.0 * max(0, minute - 160), arrived=lambda _: 20.0, dead=lambda _: 0.0)
    picture = backlog_panel(case_of(tmp_path, ALL))
    assert isinstance(picture, Picture)
    assert picture.png.startswith(b"\x89PNG")
    assert "Depth rose to 316 messages" in picture.words


def test_without_points_there_is_nothing_to_draw(tmp_path: Path):
    """Said in words."""
    put(tmp_path, "queues/q.json", {"Attributes": {}})
    assert "no metric of a pipeline has points" in repr(backlog_panel(case_of(tmp_path, ALL)))


def test_tables_show_what_failed_where(tmp_path: Path):
    """Messages by failure, executions by step, durations by kind; nothing hostile is left as it is."""
    body = {"error": "<script>alert(1)</script> password=hunter2"}
    put(tmp_path, "queues/jobs-dlq.json", {"Messages": [message(f"<m{n}>", body) for n in range(3)]})
    put(tmp_path, "workflows/s.json", history("<i>Scan</i>", start=100))
    put(tmp_path, "workflows/runs.json", {"executions": [execution("s", 100)]})
    lines = [worker_line(minute, jobType="<u>ocr", duration=100 + minute, message="x") for minute in range(0, 240, 5)]
    case = case_of(write_logs(put_metrics(tmp_path, dead=lambda _: 3.0), GROUP, *lines), ALL)
    shown = "".join(table(case).html for table in (dead_letters_table, stuck_table, task_durations_table))
    assert "hunter2" not in shown
    assert not any(tag in shown for tag in ("<script", "<i>", "<u>", "<m0", "<b>"))
    assert "&lt;i&gt;Scan" in shown

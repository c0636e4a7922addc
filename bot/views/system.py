"""How the program is: health, connections, log lines, exports."""

from collections.abc import Sequence

from aiogram.utils.formatting import Bold, Code, Text

from bot.i18n.terms import task_name, task_state
from bot.ui.blocks import block, quote
from bot.ui.buttons import Button, Export, Open, Past, rows_of
from bot.ui.screen import Screen, ViewContext
from strategy.model import ExportFile, HealthLine, HealthView, LogLine, Said, TaskHealth, TaskState

_MARKS = {True: "✅", False: "❌", None: "➖"}


def menu(ui: ViewContext) -> Screen:
    t = ui.t
    return ui.screen(
        block(ui.title("🩺 ", t("System")), t("What do you want to see?")),
        keyboard=(
            (Button(t("🩺 Health"), Open(screen="health")), Button(t("🔌 Test connections"), Open(screen="diagnose"))),
            (Button(t("📃 Log"), Open(screen="logs")), Button(t("📤 Export"), Open(screen="export"))),
            (Button(t("📜 History"), Open(screen="history")), Button(t("🏷 Version"), Open(screen="version"))),
            (ui.home(),),
        ),
    )


def health(view: HealthView, ui: ViewContext) -> Screen:
    """Show what works and what does not."""
    t = ui.t
    verdict = t("✅ Everything works.") if view.ok else t("⚠️ Something does not work: see the marks.")
    return ui.screen(
        block(ui.title("🩺 ", t("Health check")), verdict),
        block(*(_line(each, ui) for each in view.lines)),
        quote(Bold(t("Tasks")), *(_task(each, ui) for each in view.tasks), folded=_quiet(view)) if view.tasks else None,
        ui.stamp(),
        keyboard=(
            (Button(t("🔌 Test connections"), Open(screen="diagnose")), Button(t("📃 Log"), Open(screen="logs"))),
            (ui.refresh("health"), ui.home()),
        ),
    )


def _quiet(view: HealthView) -> bool:
    """Return whether the tasks need no look: they open with a tap then."""
    return all(each.state is TaskState.RUNNING for each in view.tasks)


def testing(ui: ViewContext) -> Screen:
    """Say at once that the test runs; its result takes this place."""
    t = ui.t
    return ui.screen(block(ui.title("🔌 ", t("Testing the connections…")), t("This takes some seconds.")))


def diagnosis(lines: Sequence[HealthLine], ui: ViewContext) -> Screen:
    """Show what each connection's test found (S109)."""
    t = ui.t
    bad = [each for each in lines if each.ok is False]
    verdict = t("✅ Every connection works.") if not bad else t("❌ {n} of {all} failed.", n=len(bad), all=len(lines))
    if not lines:
        verdict = t("➖ There is no connection to test here.")
    return ui.screen(
        block(ui.title("🔌 ", t("Connections tested")), verdict),
        block(*(_line(each, ui) for each in lines)),
        ui.stamp(),
        keyboard=(
            (Button(t("🔁 Test again"), Open(screen="diagnose")), Button(t("🩺 Health"), Open(screen="health"))),
            (ui.home(),),
        ),
    )


def logs(lines: Sequence[LogLine], count: int, ui: ViewContext) -> Screen:
    """Show the newest warnings and errors, newest last; details open with a tap."""
    t = ui.t
    shown = [_log_line(each, ui) for each in lines]
    more = (Button(t("⬇️ More"), Open(screen="logs", ref=str(min(count * 2, 50)))),) if len(lines) >= count else ()
    return ui.screen(
        block(ui.title("📃 ", t("Newest log lines")), t("Warnings and errors only; newest last.")),
        quote(*shown, folded=len(shown) > 3) if shown else block(t("No warnings and no errors.")),
        ui.stamp(),
        keyboard=((*more, Button(t("🩺 Health"), Open(screen="health"))), (ui.refresh("logs"), ui.home())),
    )


def pick_export(spans: Sequence[Past], ui: ViewContext) -> Screen:
    t = ui.t
    names = {"7d": t("7 days"), "30d": t("30 days"), "365d": t("1 year"), "all": t("Everything")}
    return ui.screen(
        block(
            ui.title("📤 ", t("Export as CSV")),
            t("Fills, changes of settings and decisions, as files that Excel opens. How far back?"),
        ),
        keyboard=(*rows_of([Button(names[each], Export(past=each)) for each in spans], 2), (ui.home(),)),
    )


def exporting(arrived: Sequence[ExportFile], ui: ViewContext) -> Screen:
    """Say how far an export is."""
    t = ui.t
    return ui.screen(
        block(
            ui.title("📤 ", t("Exporting…")),
            t("{n} files sent so far. More follow.", n=len(arrived)) if arrived else t("The files follow here."),
        )
    )


def exported(
    arrived: Sequence[ExportFile], lost: Sequence[ExportFile], problem: Said | None, ui: ViewContext
) -> Screen:
    """Say which files arrived, and which did not."""
    t = ui.t
    again = t("Ask for them again with /export and a shorter time, when the connection is better.")
    return ui.screen(
        block(ui.title("📤 ", t("Export") if arrived else t("Nothing was exported"))),
        block(*(_file(each, ui) for each in arrived)) if arrived else None,
        block(Bold(t("❌ Not arrived")), *(_file(each, ui) for each in lost), again) if lost else None,
        None if problem is None else block(t("⚠️ {reason}", reason=t.of(problem)), t("Older rows are missing.")),
        ui.stamp(),
        keyboard=((ui.home(),),),
    )


def _file(each: ExportFile, ui: ViewContext) -> Text:
    return Text(Code(each.name), " · ", ui.t("{n} rows", n=each.rows))


def caption(file: ExportFile, ui: ViewContext) -> str:
    """Return the words under a file."""
    return f"[{ui.badge}] {file.name} · " + ui.t("{n} rows", n=file.rows)


def _line(each: HealthLine, ui: ViewContext) -> Text:
    t = ui.t
    detail = t.of(each.detail)
    return Text(f"{_MARKS[each.ok]} ", Bold(t.of(each.name)), f": {detail}" if detail else "")


def _task(each: TaskHealth, ui: ViewContext) -> Text:
    t = ui.t
    crashed = None
    if each.crashed_at is not None:
        crashed = t(
            " · {n} restarts, last crash {time} ({error})",
            n=each.restarts,
            time=ui.when(each.crashed_at),
            error=each.error,
        )
    mark = {TaskState.RUNNING: "✅", TaskState.RESTARTING: "🔁"}.get(each.state, "❌")
    return Text(f"{mark} ", Bold(task_name(each.service, t)), f": {task_state(each.state, t)}", crashed or "")


def _log_line(each: LogLine, ui: ViewContext) -> Text:
    mark = "🟥" if each.level in ("ERROR", "CRITICAL") else "🟨"
    return Text(f"{mark} {ui.when(each.at)} ", Bold(each.event), f" {each.logger} ", Code(each.details))

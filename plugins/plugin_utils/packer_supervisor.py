# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The process that owns one build: lease, record, Packer, cleanup, outcome.

``packer_build`` starts it and watches its log. It lives in a session of its own and outlives Ansible: Ctrl-C, SIGTERM,
SIGKILL or a terminal that goes away end the pipe on its standard input, and then it interrupts Packer once, waits for
Packer's cleanup, removes what is left in EC2 and records that the build failed.

    python -m ansible_collections.golden.windows_ami.plugins.plugin_utils.packer_supervisor job.json
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import os
import pathlib
import shutil
import signal
import sys
import time
import traceback
import typing as t

from .catalogue import Catalogue, CatalogueError, Lease, LeaseHeld, LeaseLost, lease_name, open_catalogue
from .ec2 import Aws, AwsError, AwsSettings
from .imds import require_tokens, require_tokens_of_image
from .leftovers import clean
from .packer_job import Job, Outcome
from .packer_output import NEVER_ANSWERED, Line, Mask, Story, lines_of, parse_row, to_log
from .packer_process import Ended, PackerProcess, adopt_orphans, kill_children, kill_group
from .packer_results import ami_in_manifest, console_tail, failure_in, read_run_file, read_story, snapshots_of
from .records import BUILT, FAILED, Build, RecordError, parse_timestamp, timestamp

CRASHED = "the supervisor of the build was killed or failed"


class Supervisor:
    """One build from lease to outcome."""

    def __init__(self, job: Job, control: t.IO[bytes]) -> None:
        self._job = job
        self._control = control
        self._mask = Mask(job.secrets)
        self._story = Story()
        self._log = open(job.log, "a", encoding="utf-8", buffering=1)  # noqa: SIM115 - open for the process's life
        self._catalogue: Catalogue | None = None
        self._lease: Lease | None = None
        self._renew_at = 0.0
        self._lost: str | None = None
        self._terminated: str | None = None
        self._console: list[str] = []
        self._instance: str | None = None
        self._problems: list[str] = []
        self._began = time.monotonic()

    def supervise(self) -> Outcome:
        """Build, record, clean up."""
        build = self._job.build
        try:
            self._begin()
        except CatalogueError as exc:
            return Outcome(build=dataclasses.replace(build, status=FAILED, error=str(exc)), refused=str(exc))
        began = time.monotonic()
        try:
            ended = self._run_packer()
        except OSError as exc:
            ended = Ended(127, None, False)
            self._say(f"Cannot start {self._job.argv[0]}: {exc.strerror}", error=True)
        packer_seconds = time.monotonic() - began
        build = self._record(self._conclude(ended))
        return Outcome(build=build, packer_seconds=round(packer_seconds, 1), problems=self._problems)

    def recover(self, reason: str) -> Outcome:
        """Do what is left to do for a build whose supervisor is gone: end Packer, clean up, record."""
        kill_group(self._job.pid_file)
        self._story = read_story(pathlib.Path(self._job.log))
        self._catalogue = open_catalogue(self._job.catalogue)
        lease = self._catalogue.lease(lease_name(self._job.build.image))
        self._lease = lease if lease and lease.holder == self._job.holder else None
        self._say(f"Cleaning up: {reason}", error=True)
        build = self._record(self._conclude(Ended(-signal.SIGKILL, reason, False)))
        return Outcome(build=build, problems=self._problems)

    def terminate(self, _number: int, _frame: t.Any) -> None:
        """Remember that somebody wants this process to end; the loop does the rest."""
        self._terminated = "the supervisor of the build was told to end (SIGTERM)"

    def _begin(self) -> None:
        job = self._job
        self._catalogue = open_catalogue(job.catalogue)
        try:
            self._lease = self._catalogue.acquire_lease(lease_name(job.build.image), job.holder, job.lease_seconds)
        except LeaseHeld as exc:
            raise CatalogueError(
                f"It is being built already: {exc}. Wait for it to end; a build that crashed "
                "gives its lease back by itself at that time"
            ) from exc
        self._catalogue.start(job.build, self._lease)
        self._renew_at = time.monotonic() + job.lease_seconds / 4
        self._clean_after_crashes(self._catalogue)

    def _clean_after_crashes(self, catalogue: Catalogue) -> None:
        """Remove what earlier builds of this image left when nobody lived to clean up after them.

        Nobody else builds this image now, the lease says so. A record that has an end but no duration was ended by
        `Catalogue.reap`.
        """
        now = dt.datetime.now(dt.UTC)
        catalogue.reap(now)
        for crashed in catalogue.builds(self._job.build.image, [FAILED], limit=20):
            if crashed.seconds is not None:
                continue
            log = pathlib.Path(crashed.log or os.devnull)
            try:
                aws = Aws(AwsSettings(**self._job.aws))
                removed, problems = clean(aws, crashed, read_story(log).facts, keep_image=False)
            except AwsError as exc:
                removed, problems = [], [str(exc)]
            for phrase in (*removed, *problems):
                self._say(f"Build {crashed.id} crashed and left: {phrase}", error=True)
            if not problems:
                seconds = (now - parse_timestamp(crashed.started)).total_seconds()
                catalogue.finish(dataclasses.replace(crashed, seconds=round(seconds, 1)))

    def _run_packer(self) -> Ended:
        process = PackerProcess(self._job.argv, self._job.env, self._job.cwd, self._job.patience)
        self._job.pid_file.write_text(str(process.pid), encoding="ascii")

        def interrupt_reason() -> str | None:
            return self._terminated or self._renew_lease()

        try:
            return process.run(self._hear, self._control, interrupt_reason)
        finally:
            kill_children()

    def _hear(self, text: str) -> None:
        row = parse_row(text)
        self._story.hear(row)
        self._secure_metadata()
        for line in lines_of(row):
            if line.text:
                self._write(line)
            if line.error and NEVER_ANSWERED.search(line.text) and not self._console:
                self._read_console()

    def _secure_metadata(self) -> None:
        """Require IMDSv2 of the builder as soon as Packer names it."""
        instance = self._story.facts.get("instance")
        if instance is None or self._instance is not None:
            return
        self._instance = instance
        try:
            require_tokens(Aws(AwsSettings(**self._job.aws)), instance)
        except AwsError as exc:
            self._problem(str(exc))

    def _problem(self, text: str) -> None:
        """Go on, and tell the user at the end."""
        self._problems.append(text)
        self._say(text, error=True)

    def _read_console(self) -> None:
        """Keep the end of the instance's console, before Packer terminates it: Windows cannot be asked any more."""
        instance = self._story.facts.get("instance")
        if instance is None:
            return
        try:
            self._console = console_tail(Aws(AwsSettings(**self._job.aws)), instance)
        except AwsError as exc:
            self._console = [str(exc)]
        for text in self._console:
            self._say(f"Console: {text}", error=True)

    def _renew_lease(self) -> str | None:
        """Keep the lease; return why the build must stop when somebody else has it."""
        if self._lost or self._catalogue is None or self._lease is None or time.monotonic() < self._renew_at:
            return self._lost
        self._renew_at = time.monotonic() + self._job.lease_seconds / 4
        try:
            self._lease = self._catalogue.renew(self._lease, self._job.lease_seconds)
        except LeaseLost as exc:
            self._lost = f"the lease was lost: {exc}"
        except CatalogueError as exc:
            # It may be back before the lease expires, and a build is too dear to stop for a full disk.
            self._say(f"The lease could not be renewed: {exc}", error=True)
        return self._lost

    def _conclude(self, ended: Ended) -> Build:
        """Return the record of how it ended, after a look at what is left in EC2."""
        build = self._job.build
        run = read_run_file(pathlib.Path(self._job.run_file))
        ami, error = self._made(ended, failure_in(run))
        snapshots: list[str] = []
        try:
            aws = Aws(AwsSettings(**self._job.aws))
            if ami:
                snapshots = snapshots_of(aws, ami)
                require_tokens_of_image(aws, ami)
            removed, problems = clean(aws, build, self._story.facts, keep_image=ami is not None)
        except AwsError as exc:
            removed, problems = [], [f"Could not look for what the build left in EC2: {exc}"]
        for phrase in removed:
            self._say(f"Removed what Packer left: {phrase}")
        for problem in problems:
            self._say(problem, error=True)
        self._problems += problems
        now = dt.datetime.now(dt.UTC)
        region = self._job.region
        ending = {
            "status": BUILT if ami else FAILED,
            "finished": timestamp(now),
            "seconds": round(time.monotonic() - self._began, 1),
            "amis": {region: ami} if ami else {},
            "snapshots": {region: snapshots} if ami else {},
            "error": error,
            "roles": run.get("roles", []),
            "contents": run.get("contents", {}),
        }
        try:
            return Build.from_dict({**build.to_dict(), **ending})
        except RecordError as exc:
            self._problems.append(f"What the provisioning run recorded cannot be used: {exc}")
            return Build.from_dict({**build.to_dict(), **ending, "roles": [], "contents": {}})

    def _made(self, ended: Ended, failure: str | None) -> tuple[str | None, str | None]:
        """Return the id of the AMI, or why there is none."""
        if ended.rc == 0:
            ami = ami_in_manifest(pathlib.Path(self._job.manifest), self._job.region)
            if ami:
                return ami, None
            return None, f"Packer ended well but its manifest names no AMI in {self._job.region}"
        if ended.reason:
            killed = f" Packer did not end within {self._job.patience:.0f} s and was killed." if ended.killed else ""
            return None, f"Interrupted: {ended.reason}.{killed}"
        fallback = f"Packer ended with exit code {ended.rc} and said nothing about it, see the log"
        error = failure or self._story.explain() or fallback
        if self._console:
            error = "\n".join([f"{error}. The instance's console ends with:", *self._console])
        return None, self._mask(error)

    def _record(self, build: Build) -> Build:
        """Write to the catalogue how the build ended; return the record, which a lost lease makes a failure."""
        if self._catalogue is None:
            return build
        try:
            try:
                self._catalogue.finish(build, self._lease if build.status == BUILT else None)
            except LeaseLost as exc:
                build = self._disown(build, exc)
                self._catalogue.finish(build)
            if self._lease:
                self._catalogue.release(self._lease)
        except CatalogueError as exc:
            self._problems.append(str(exc))
            self._say(str(exc), error=True)
        return build

    def _disown(self, build: Build, lost: LeaseLost) -> Build:
        """Remove an AMI that was made without the right to; return the record of the failure. It keeps what stays."""
        self._say(str(lost), error=True)
        ami = ", ".join(build.amis.values())
        try:
            aws = Aws(AwsSettings(**self._job.aws))
            removed, problems = clean(aws, build, self._story.facts, keep_image=False)
        except AwsError as exc:
            removed, problems = [], [str(exc)]
        for phrase in (*removed, *problems):
            self._say(phrase, error=True)
        gone = not problems and any(ami in phrase for phrase in removed)
        reason = (
            f"the lease was lost: {lost}. Somebody else may be building {build.image}, so this build does not count"
        )
        fate = f"AMI {ami} was removed" if gone else " ".join([f"AMI {ami} is still there: remove it.", *problems])
        kept = {} if gone else {"amis": build.amis, "snapshots": build.snapshots}
        cleared: dict[str, t.Any] = {"amis": {}, "snapshots": {}, **kept}
        return dataclasses.replace(build, status=FAILED, error=f"Interrupted: {reason}. {fate}", **cleared)

    def _say(self, text: str, error: bool = False) -> None:
        self._write(Line(text, error))

    def _write(self, line: Line) -> None:
        with contextlib.suppress(OSError):  # a full disk must not end the build
            self._log.write(to_log(timestamp(dt.datetime.now(dt.UTC)), line._replace(text=self._mask(line.text))))


def main(path: str, recover: bool = False) -> int:
    """Run the job in a file, or clean up after a supervisor that did not end it. Returns 0 when an AMI was made."""
    job = Job.load(pathlib.Path(path))
    supervisor = Supervisor(job, sys.stdin.buffer)
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, supervisor.terminate)
    try:
        outcome = supervisor.recover(CRASHED) if recover else supervisor.supervise()
    except Exception as exc:  # whatever it is, the builder must not stay, nor the record
        traceback.print_exc()
        outcome = supervisor.recover(f"{CRASHED}: {exc}")
    outcome.save(pathlib.Path(job.outcome))
    shutil.rmtree(job.directory, ignore_errors=True)
    return 0 if outcome.build.status == BUILT else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[-1], recover="--recover" in sys.argv))

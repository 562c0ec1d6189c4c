"""One call of `ednag evaluate`: the study, its folder, and answers from them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from ednag.errors import EdnagError
from ednag.evaluation.answers import (
    chain_lines,
    chains_of,
    file_lines,
    refuse_broken,
    verdict_lines,
    verdict_on,
)
from ednag.evaluation.costs import Cost, predicted, time_text
from ednag.evaluation.jobs import Job, Workflow, needed_jobs, pending_jobs
from ednag.evaluation.subjects import (
    Subject,
    can_test,
    name_of,
    number_of_rule,
    subjects_of,
    why_not,
    why_not_here,
    with_all_data,
)
from ednag.evidence.claims import Claim, read_claims
from ednag.evidence.verdicts import NOT_COMPARABLE, ClaimVerdict
from ednag.methods.instances import define_methods
from ednag.provenance.recording import project_folder
from ednag.provenance.setting import Setting
from ednag.provenance.trace import Chain
from ednag.provenance.trace import as_json as chain_json
from ednag.sources.registry import Source, load_registry
from ednag.sources.sizes import size_in_words
from ednag.study.artefacts import find_artefact
from ednag.study.configuration import load_study, study_instances
from ednag.study.environment import study_folder
from ednag.study.plan import Plan, checked_plan


@dataclass(frozen=True)
class Answer:
    """What was made of a subject: the verdict on a claim, lines for people, chains."""

    verdict: ClaimVerdict | None
    lines: tuple[str, ...]
    chains: tuple[Chain, ...]


@dataclass(frozen=True)
class Session:
    """The study of a call, in its folder.

    Attributes:
        file: The study.
        plan: Its plan here, with its folder.
        registry: All sources.
        workflow: Of the study.
        cores: Jobs at once.
    """

    file: Path
    plan: Plan
    registry: Mapping[str, Source]
    workflow: Workflow
    cores: int

    @classmethod
    def of(cls, file: Path | None, cores: int = 2) -> "Session":
        """The session of a study, by default the project's; EdnagError where it is refused."""
        project = project_folder()
        file = file or project / "config.yaml"
        registry, study = load_registry(), load_study(file)
        plan = replace(checked_plan(study, registry, project), folder=study_folder(file, project))
        if definitions := study_instances(study, plan.methods_run):
            define_methods(definitions)
        return cls(file, plan, registry, Workflow(file, project), cores)

    @cached_property
    def claims(self) -> list[Claim]:
        """The published claims."""
        return read_claims(self.plan.published / "claims.yaml")

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """All that can be evaluated, by name."""
        return subjects_of(self.plan, self.claims)

    def find(self, name: str) -> Subject:
        """The subject of a name or path.

        Raises:
            EdnagError: There is none (the closest names are told), its data is not here, or this
                study does not test it (a study that does is named).
        """
        asked = name if name in self.subjects else name_of(name)
        if subject := self.subjects.get(asked):
            claim = subject.claim
            if claim and subject.hindrance and claim.rule != "not-comparable":
                raise EdnagError(self._refusal(subject, claim))
            return subject
        everything = subjects_of(with_all_data(self.plan), self.claims)
        if asked in everything:
            raise EdnagError(why_not_here(asked, self.plan, self.registry))
        close = get_close_matches(asked, everything, n=4, cutoff=0.4)
        raise EdnagError(
            f"nothing is called {name!r}; the closest: {', '.join(close) or 'none'}; all names: "
            "ednag evaluate --list"
        )

    def _refusal(self, subject: Subject, claim: Claim) -> str:
        """Why a claim is not tested here, with a study that tests it where this one does not."""
        line = why_not(subject, claim, self.plan, self.registry)
        if "needs data" in line:
            return line
        for file, plan in self._other_plans.items():
            if can_test(with_all_data(plan), claim):
                named = file.relative_to(self.workflow.project).as_posix()
                absent = self.absent(subject)
                needs = f" once it has {', '.join(absent)}" if absent else ""
                return f"{line}; {named} can{needs}: ednag evaluate {subject.name} --study {named}"
        return f"{line}; no study of this project can"

    @cached_property
    def _other_plans(self) -> dict[Path, Plan]:
        """The other studies of the project with their plans; those that are refused left out."""
        project = self.workflow.project
        plans = {}
        for file in (project / "config.yaml", *sorted((project / "config").glob("*.yaml"))):
            if file.resolve() != self.file.resolve():
                plans[file] = replace(self.plan, study=load_study(file))
        return plans

    def plan_for(self, subject: Subject) -> tuple[list[Job], Cost]:
        """The jobs that a subject needs now, and what they cost."""
        if not subject.paths:
            return [], predicted([], self.cores, self.registry)
        jobs = pending_jobs(self.workflow.jobs(subject.paths))
        return jobs, self.cost(jobs)

    def cost(self, jobs: Sequence[Job]) -> Cost:
        """What jobs cost here."""
        sources = [self._source_of(job) for job in jobs]
        absent = [id for id in sources if id and not self.plan.is_here(id)]
        return predicted(jobs, self.cores, self.registry, absent)

    @staticmethod
    def _source_of(job: Job) -> str:
        found = find_artefact(job.outputs[0]) if job.rule == "fetch" else None
        return found[1]["source"] if found else ""

    @cached_property
    def costs(self) -> dict[str, Cost]:
        """Name -> what a subject costs where nothing of it is there; of those that can be made."""
        jobs = self.workflow.jobs()
        return {
            name: self.cost(needed_jobs(jobs, subject.paths))
            for name, subject in self.subjects.items()
            if not subject.hindrance
        }

    def answer(self, subject: Subject) -> Answer:
        """The answer of a subject whose files are there; EdnagError where its chain is broken."""
        claim = subject.claim
        if claim is not None and claim.rule == "not-comparable":
            verdict = ClaimVerdict(claim.id, claim.kind, NOT_COMPARABLE, claim.reason)
            return Answer(verdict, tuple(verdict_lines(claim, verdict)), ())
        setting = Setting.of_user(self.plan.folder)
        chains = tuple(chains_of(subject, self.plan, setting))
        refuse_broken(chains)
        if claim is None:
            return Answer(None, tuple(file_lines(subject, self.plan.folder)), chains)
        others = number_of_rule(claim.rule, self.subjects) - 1
        published = next(each for each in self.claims if each.id == claim.id)
        verdict = verdict_on(published, subject, self.plan, others)
        return Answer(verdict, tuple(verdict_lines(published, verdict)), chains)

    def absent(self, subject: Subject) -> list[str]:
        """`id (size)` of the sources that a claim needs and that are not here."""
        ids = [id for id in subject.needs if not self.plan.is_here(id)]
        return [f"{id} ({size_in_words(self.registry[id].size)})" for id in ids]

    def listing_text(self) -> str:
        """All subjects, a line each: kind, cost on these cores, name, title or what is lacking."""
        lines = [f"kind    time   memory  name: statement or title (on {self.cores} cores)"]
        for name, subject in self.subjects.items():
            cost, absent = self.costs.get(name), self.absent(subject)
            told = (
                f"{time_text(cost.seconds):>6}  {cost.memory / 1000:3.1f} GB" if cost else " " * 14
            )
            lacks = f"needs {', '.join(absent)}" if absent else subject.hindrance
            words = " ".join(subject.title.split())
            lines.append(f"{subject.kind:<7}{told}  {name}: {f'[{lacks}] ' * bool(lacks)}{words}")
        return "\n".join(lines)

    def listing_json(self) -> str:
        """The same for programs."""
        listed = [
            {
                "name": name,
                "kind": subject.kind,
                "title": subject.title,
                "files": subject.paths,
                "cost": asdict(self.costs[name]) if name in self.costs else None,
                "hindrance": subject.hindrance,
                "absent": self.absent(subject),
            }
            for name, subject in self.subjects.items()
        ]
        return json.dumps({"cores": self.cores, "subjects": listed}, indent=1, ensure_ascii=False)


def answer_text(subject: Subject, answer: Answer) -> str:
    """An answer for people."""
    return "\n".join([*answer.lines, *chain_lines(subject, answer.chains)])


def answer_json(
    session: Session, subject: Subject, cost: Cost, answer: Answer | None = None
) -> str:
    """The prediction and, once it is there, the answer for programs."""
    content: dict[str, object] = {
        "name": subject.name,
        "kind": subject.kind,
        "title": subject.title,
        "files": subject.paths,
        "cores": session.cores,
        "predicted": asdict(cost),
    }
    if answer is not None:
        verdict = asdict(answer.verdict) if answer.verdict else None
        chains = [json.loads(chain_json(chain)) for chain in answer.chains]
        content |= {"verdict": verdict, "chains": chains}
    return json.dumps(content, indent=1, ensure_ascii=False)

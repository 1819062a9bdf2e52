"""What is in force on a date, as data for scripts: the JSON of `law`."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from models.base import Code, Model
from models.documents import DocumentKind
from models.form_facts import Fact, PersonRole
from models.groups import Group
from models.law import (
    Citation,
    Conditional,
    Confidence,
    ConsentLaw,
    DocumentLaw,
    Duty,
    GroupLaw,
    GroupTotal,
    LawPack,
    LegLaw,
    Policies,
    Quorum,
    VerificationLaw,
    all_packs,
)
from models.systems import System


class Kind(Model):
    """A kind of document with its name."""

    kind: DocumentKind
    label: str


class Rule(Model):
    """Something that applies on a condition: facts for scripts, `condition` the same in words (None: always)."""

    when: tuple[Fact, ...]
    unless: tuple[Fact, ...]
    condition: str | None


class AgencyCase(Rule):
    """Another authority for certain cases."""

    agency: str


class VerificationCase(Rule):
    """The limit when an agency must verify, in working days."""

    limit: int
    legal_basis: str
    confidence: Confidence


class ConsentCase(Rule):
    """Whose consent a leg needs: to what (`about`; None: to the leg) and to whom (`names`).

    `replaced_by`: attached, signed by all, nobody is asked. `may_change`: a supplement may add or correct those asked.
    """

    role: PersonRole
    label: str
    quorum: Quorum
    about: str | None
    names: str | None
    declarant_is_asked: bool
    replaced_by: Kind | None
    may_change: bool
    working_days: int
    legal_basis: str
    confidence: Confidence


class DocumentCase(Rule):
    """A required attachment; one that an agency adds itself (`completed_by`) is never asked of the citizen."""

    any_of: tuple[Kind, ...]
    field: str
    completed_by: str | None
    legal_basis: str
    confidence: Confidence


class TotalCase(Rule):
    """The limit of the whole group for certain cases, in working days."""

    limit: int
    verification_limit: int
    verification: VerificationCase
    legal_basis: str
    confidence: Confidence


class LegReport(Rule):
    """One procedure of the group; `code` is the group's, limits are working days.

    `prerequisites` are keys of legs: of those among them that a dossier has, it needs the results.
    """

    leg: str
    procedure: str
    code: str
    system: System
    agency: str
    agency_exceptions: tuple[AgencyCase, ...]
    limit: int
    verification_limit: int | None
    verification: VerificationCase | None
    prerequisites: tuple[str, ...]
    consent: tuple[ConsentCase, ...]
    documents: tuple[DocumentCase, ...]
    results: tuple[Kind, ...]
    in_group_promise: bool
    legal_basis: str
    confidence: Confidence


class GroupReport(Model):
    """One group of procedures, limits in working days: the first of `totals` that applies, else `limit`."""

    group: Group
    name: str
    code: str
    limit: int
    verification_limit: int
    verification: VerificationCase
    legal_basis: str
    confidence: Confidence
    totals: tuple[TotalCase, ...]
    legs: tuple[LegReport, ...]
    duties: Mapping[Code, Duty]


class PackName(Model):
    """A pack, named."""

    pack: str
    in_force_from: date
    title: str


class LawReport(PackName):
    """What is in force on a date. `in_force_until`: the last day; `provisional_pack`: shown only when asked for."""

    on: date
    in_force_until: date | None
    provisional: bool
    provisional_pack: PackName | None
    groups: tuple[GroupReport, ...]
    policies: Policies
    citations: tuple[Citation, ...]


def law_report(pack: LawPack, on: date, groups: Iterable[Group]) -> LawReport:
    """The report of a pack on a date."""
    later = [other for other in all_packs() if other.in_force_from > pack.in_force_from]
    successor = next((other for other in later if pack.provisional or not other.provisional), None)
    waiting = [other for other in later if other.provisional and other.in_force_from <= on]
    return LawReport(
        pack=pack.id,
        in_force_from=pack.in_force_from,
        title=pack.title,
        on=on,
        in_force_until=successor.in_force_from - timedelta(days=1) if successor else None,
        provisional=pack.provisional,
        provisional_pack=_named(waiting[-1]) if waiting else None,
        groups=tuple(_group(pack, group) for group in groups),
        policies=pack.policies,
        citations=pack.basis,
    )


def condition_words(rule: Conditional) -> str | None:
    """“khi … và …, trừ khi … hoặc …”; None when it always applies."""
    parts = []
    if rule.when:
        parts.append("khi " + " và ".join(fact.label for fact in _sorted(rule.when)))
    if rule.unless:
        parts.append("trừ khi " + " hoặc ".join(fact.label for fact in _sorted(rule.unless)))
    return ", ".join(parts) or None


def kinds(of: Iterable[DocumentKind]) -> tuple[Kind, ...]:
    """The kinds with their names."""
    return tuple(Kind(kind=kind, label=kind.label) for kind in of)


def _sorted(facts: frozenset[Fact]) -> tuple[Fact, ...]:
    return tuple(fact for fact in Fact if fact in facts)


def _named(pack: LawPack) -> PackName:
    return PackName(pack=pack.id, in_force_from=pack.in_force_from, title=pack.title)


def _group(pack: LawPack, group: Group) -> GroupReport:
    law = pack.group(group)
    return GroupReport(
        group=group,
        name=law.name,
        code=law.procedure_code,
        limit=law.limit,
        verification_limit=law.verification.limit,
        verification=_verification(law.verification),
        legal_basis=law.basis,
        confidence=law.confidence,
        totals=tuple(_total(total) for total in law.totals),
        legs=tuple(_leg(pack, law, key, leg) for key, leg in law.legs.items()),
        duties=law.duties,
    )


def _verification(verification: VerificationLaw) -> VerificationCase:
    return VerificationCase(
        when=_sorted(verification.when),
        unless=_sorted(verification.unless),
        condition=condition_words(verification),
        limit=verification.limit,
        legal_basis=verification.basis,
        confidence=verification.confidence,
    )


def _total(total: GroupTotal) -> TotalCase:
    return TotalCase(
        when=_sorted(total.when),
        unless=_sorted(total.unless),
        condition=condition_words(total),
        limit=total.limit,
        verification_limit=total.verification.limit,
        verification=_verification(total.verification),
        legal_basis=total.basis,
        confidence=total.confidence,
    )


def _leg(pack: LawPack, law: GroupLaw, key: str, leg: LegLaw) -> LegReport:
    return LegReport(
        when=_sorted(leg.when),
        unless=_sorted(leg.unless),
        condition=condition_words(leg),
        leg=key,
        procedure=leg.name,
        code=law.procedure_code,
        system=leg.system,
        agency=pack.agencies[leg.agency].name,
        agency_exceptions=tuple(
            AgencyCase(
                when=_sorted(case.when),
                unless=_sorted(case.unless),
                condition=condition_words(case),
                agency=pack.agencies[case.agency].name,
            )
            for case in leg.agency_exceptions
        ),
        limit=leg.limit,
        verification_limit=leg.verification.limit if leg.verification else None,
        verification=_verification(leg.verification) if leg.verification else None,
        prerequisites=leg.requires,
        consent=tuple(_consent(pack, consent) for consent in leg.consents),
        documents=tuple(_document(pack, document) for document in leg.documents),
        results=kinds(leg.results),
        in_group_promise=leg.in_group_promise,
        legal_basis=leg.basis,
        confidence=leg.confidence,
    )


def _consent(pack: LawPack, consent: ConsentLaw) -> ConsentCase:
    return ConsentCase(
        when=_sorted(consent.when),
        unless=_sorted(consent.unless),
        condition=condition_words(consent),
        role=consent.role,
        label=consent.role.label,
        quorum=consent.quorum,
        about=consent.about,
        names=consent.names.label if consent.names else None,
        declarant_is_asked=consent.ask_declarant or not pack.policies.consent.declarant_counts,
        replaced_by=Kind(kind=consent.replaced_by, label=consent.replaced_by.label) if consent.replaced_by else None,
        may_change=consent.may_change,
        working_days=pack.policies.consent.working_days,
        legal_basis=consent.basis,
        confidence=consent.confidence,
    )


def _document(pack: LawPack, law: DocumentLaw) -> DocumentCase:
    return DocumentCase(
        when=_sorted(law.when),
        unless=_sorted(law.unless),
        condition=condition_words(law),
        any_of=kinds(law.any_of),
        field=law.field,
        completed_by=pack.agencies[law.completed_by].name if law.completed_by else None,
        legal_basis=law.basis,
        confidence=law.confidence,
    )

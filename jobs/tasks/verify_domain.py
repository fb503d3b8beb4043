"""Looks for the TXT record that proves a domain to be the organization's."""

from typing import Any

from pymongo.errors import DuplicateKeyError

from auth.scope import scope_of_job
from documents.audit import Act, acting
from documents.transaction import Transaction
from documents.verified_domain import VerifiedDomain, record_domain_check
from domain.errors import NotFound, Unavailable
from domain.identity.domain_name import proof_name, proof_value
from jobs.context import JobContext
from jobs.queue import VERIFY_DOMAIN

TAKEN = "Another organization has proven this domain already. Have it give the domain up first."


async def verify_domain(ctx: dict[str, Any], *, org_id: str, domain_id: str) -> str | None:
    """Why the domain is not proven, None when it is; its document says the same afterwards."""
    context: JobContext = ctx["context"]
    scope = scope_of_job(VERIFY_DOMAIN, org_id)
    try:
        domain = await VerifiedDomain.get_in(scope, domain_id)
    except NotFound:  # given up since
        return None
    problem = await _problem(context, domain)
    with acting(Act(action="domain.verify", actor=scope.actor)):
        try:
            await _record(context, domain, problem)
        except DuplicateKeyError:
            problem = TAKEN
            await _record(context, domain, problem)
    return problem


async def _problem(context: JobContext, domain: VerifiedDomain) -> str | None:
    name, wanted = proof_name(domain.name), proof_value(domain.token)
    try:
        texts = await context.texts_of(name)
    except Unavailable as error:
        return error.message
    if wanted in texts:
        return None
    found = "other TXT records" if texts else "no TXT record"
    return f"{name} has {found}. Add one that says {wanted}; a new one may take an hour to be seen."


async def _record(context: JobContext, domain: VerifiedDomain, problem: str | None) -> None:
    async def change(tx: Transaction) -> None:
        await record_domain_check(domain, problem, context.now(), tx.session)
        tx.audit(domain.org_id, target=f"domain:{domain.id}", after={"name": domain.name, "problem": problem})

    await context.writer.commit(change)

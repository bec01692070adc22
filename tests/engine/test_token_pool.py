from dataclasses import replace
from pathlib import Path, PurePath

import pytest
from tests.engine.plans import endpoint_plan
from tests.engine.skipping_loop import clock
from tests.engine.token_sources import run_inline

from tidegate.auth.cluster import Cluster
from tidegate.auth.managed_identity import ManagedIdentity
from tidegate.auth.token_command import TokenCommand
from tidegate.auth.token_file import TokenFile
from tidegate.auth.token_request import TokenRequest
from tidegate.auth.token_source import MissingSource, OwnTokenSource
from tidegate.engine.token_pool import TokenPool, token_authentication
from tidegate.exceptions import CredentialError
from tidegate.flow.plan import AuthenticationPlan, EndpointPlan, SystemIdentityPlan, TokenPlan, X509Plan
from tidegate.settings import TokenSettings

HERE = TokenPlan(audience="here")
IDENTITY = SystemIdentityPlan(audience="https://cloud")


def pool_of(cluster: Cluster | None = None, **settings: object) -> TokenPool:
    return TokenPool(TokenSettings(**settings), cluster=cluster, environment={}, clock=clock, run_blocking=run_inline)  # type: ignore[arg-type]


def endpoint(authentication: AuthenticationPlan, *, is_embedded: bool = False) -> EndpointPlan:
    return replace(endpoint_plan("a"), authentication=authentication, is_embedded=is_embedded)


def test_what_was_given_for_the_audience_goes_before_everything_else() -> None:
    pool = pool_of(
        files=(("here", PurePath("token")),),
        commands=(("https://cloud", ("mint", "--secret")),),
        service_account_file=PurePath("other"),
    )
    assert isinstance(pool.source(HERE, is_embedded=True), TokenFile)
    assert isinstance(pool.source(IDENTITY, is_embedded=False), TokenCommand)
    other = pool.source(TokenPlan(audience="elsewhere"), is_embedded=False)
    assert other.reference == "token file other"


def test_the_embedded_broker_takes_tokens_of_its_own_issuer() -> None:
    pool = pool_of(service_account_file=PurePath("other"))
    source = pool.source(HERE, is_embedded=True)
    assert isinstance(source, OwnTokenSource)
    pool.use_own_tokens({"here": b"1"})
    assert source.fetch() == b"1"


def test_in_a_cluster_its_api_is_asked_for_service_account_tokens() -> None:
    cluster = Cluster("192.0.2.1", 443, Path("folder"))
    assert isinstance(pool_of(cluster).source(HERE, is_embedded=False), TokenRequest)
    assert isinstance(pool_of(cluster).source(HERE, is_embedded=True), OwnTokenSource)
    pool = pool_of(cluster, service_account_file=PurePath("other"))
    assert isinstance(pool.source(HERE, is_embedded=False), TokenFile)


def test_without_a_source_it_is_said_how_to_give_one() -> None:
    assert isinstance(pool_of().source(IDENTITY, is_embedded=False), ManagedIdentity)
    source = pool_of().source(TokenPlan(audience="my broker"), is_embedded=False)
    assert isinstance(source, MissingSource)
    with pytest.raises(CredentialError) as caught:
        source.fetch()
    assert "--token-file 'my broker'=PATH" in (caught.value.hint or "")


def test_endpoints_of_one_audience_share_a_provider() -> None:
    pool = pool_of()
    here = pool.provider(endpoint(HERE))
    assert here is not None
    assert pool.provider(endpoint(HERE)) is here
    assert pool.provider(endpoint(HERE, is_embedded=True)) is not here
    assert pool.provider(endpoint(X509Plan(secret="s"))) is None
    assert pool.provider(endpoint_plan("a")) is None
    assert token_authentication(endpoint(IDENTITY)) == IDENTITY

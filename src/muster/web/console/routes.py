"""The handlers of the console."""

from typing import Final

from litestar import Router

from muster.web.console.administration.code_list_import import CodeListImportHandlers
from muster.web.console.administration.code_lists import CodeListPageHandlers
from muster.web.console.administration.code_uses import CodeUseHandlers
from muster.web.console.administration.user_tokens import UserTokenHandlers
from muster.web.console.administration.users import UserPageHandlers
from muster.web.console.audit import AuditPageHandlers
from muster.web.console.customers.customers import CustomerPageHandlers
from muster.web.console.files.load_file import LoadFileHandlers
from muster.web.console.files.load_file_mappings import LoadFileMappingHandlers
from muster.web.console.help import HelpPageHandlers
from muster.web.console.overview import OverviewHandlers
from muster.web.console.provider_sign_in import ProviderSignInHandlers
from muster.web.console.records.batches import BatchPageHandlers
from muster.web.console.records.loads import LoadPageHandlers
from muster.web.console.records.refused import RefusedPageHandlers
from muster.web.console.sign_in import SignInHandlers
from muster.web.console.static_files import StaticHandlers

CONTROLLERS: Final = (
    OverviewHandlers,
    BatchPageHandlers,
    LoadFileHandlers,
    LoadFileMappingHandlers,
    CustomerPageHandlers,
    LoadPageHandlers,
    RefusedPageHandlers,
    CodeListPageHandlers,
    CodeListImportHandlers,
    CodeUseHandlers,
    UserPageHandlers,
    UserTokenHandlers,
    AuditPageHandlers,
    HelpPageHandlers,
    SignInHandlers,
    ProviderSignInHandlers,
    StaticHandlers,
)


def build_console_router() -> Router:
    """All routes below `/console`."""
    return Router("/console", route_handlers=CONTROLLERS, include_in_schema=False)

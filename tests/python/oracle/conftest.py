import pytest

from .small_company import SmallCompany


@pytest.fixture
def company(tmp_path):
    return SmallCompany(tmp_path)

import pytest

from api.errors import OverloadedError
from api.settings import Limits
from api.work.admission import Admission


def test_requests_in_progress_are_counted_and_released():
    admission = Admission(Limits(max_requests=1))
    with admission.requests.hold(1), pytest.raises(OverloadedError), admission.requests.hold(1):
        pass
    with pytest.raises(ZeroDivisionError), admission.requests.hold(1):
        raise ZeroDivisionError
    with admission.requests.hold(1):
        pass


def test_waiting_rows_are_counted_and_released():
    admission = Admission(Limits(max_waiting_rows=10))
    with admission.rows.hold(6):
        admission.rows.check(4)
        with pytest.raises(OverloadedError, match="6 rows wait for the models; 10 may"), admission.rows.hold(5):
            pass
    assert admission.rows.used == 0

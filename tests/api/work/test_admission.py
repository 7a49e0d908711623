import pytest

from api.errors import OverloadedError
from api.settings import Limits
from api.work.admission import Admission


def test_requests_in_progress_are_counted_and_released():
    admission = Admission(Limits(max_requests=1))
    with admission.admit(), pytest.raises(OverloadedError), admission.admit():
        pass
    with pytest.raises(ZeroDivisionError), admission.admit():
        raise ZeroDivisionError
    with admission.admit():
        pass


def test_waiting_rows_are_counted_and_released():
    admission = Admission(Limits(max_waiting_rows=10))
    with admission.hold_rows(6):
        admission.check_rows(4)
        with pytest.raises(OverloadedError, match="6 rows wait for the models; 10 may"), admission.hold_rows(5):
            pass
    assert admission.waiting_rows == 0

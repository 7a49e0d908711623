"""Figures of scores as people read them."""

GREAT = 1000.0  # from here on decimals say nothing, and the digits of bad scores would be dozens


def write_figure(value: float, decimals: int = 4) -> str:
    """Return a figure with so many decimals, or, of a magnitude of 1000 or more, in short: 2.3e+05."""
    return f"{value:.{decimals}f}" if abs(value) < GREAT else f"{value:.1e}"


def write_with_error(value: float, error: float, decimals: int = 4, sign: str = "+-") -> str:
    """Return a figure and its standard error."""
    return f"{write_figure(value, decimals)} {sign} {write_figure(error, decimals)}"

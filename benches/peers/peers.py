"""Asks one other engine the questions of `cargo bench --bench comparison`, on the same rows, and writes a report.

    peers.py ENGINE FOLDER REPORT [--threads N]

FOLDER holds the world's columns as NumPy files and questions.json. An engine that is not installed is reported as
skipped. Each engine gets its best way: several layouts and queries are tried on a question beside the measured ones,
and the one with the least processor time answers. Sums are exact: cents and minutes are integers. The engines that
are fast are also asked on rows as they were submitted: customers by their ids, amounts as decimals of six places.
"""

import argparse
import contextlib
import decimal
import json
import os
import pathlib
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROWS = 100
POINTS = 100
COLUMNS = ["day", "customer", "revenue", "cost", "minutes"]
# What a layout is called whose rows are those that the service was given, and how a customer's id is made.
SUBMITTED = "as submitted"
ID_PREFIX = "customer-"
# No question of a length is asked any more once this many seconds went by.
PATIENCE = 10


class Skipped(Exception):
    """The engine cannot be asked here."""


def megabytes_of_process(pid, name="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    return 0


def megabytes_of_folder(folder):
    files = (path for path in pathlib.Path(folder).rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 2**20


def curve_of_sorted(np, values):
    """The whale curve of values from the greatest to the least."""
    sums = np.cumsum(values)
    count = len(values)
    places = [-(-index * count // POINTS) for index in range(1, POINTS + 1)]
    peak = int(np.argmax(sums)) if count else 0
    has_peak = count and sums[peak] > 0
    return {
        "customers": count,
        "positive": int((values > 0).sum()),
        "negative": int((values < 0).sum()),
        "peak": [peak + 1, int(sums[peak])] if has_peak else [0, 0],
        "points": [[place, int(sums[place - 1])] for place in places],
    }


def rows_to_ends(best, worst):
    pairs = lambda rows: [[int(customer), int(value)] for customer, value in rows]
    return {"best": pairs(best), "worst": pairs(worst)}


def ends_of_columns(np, customers, values):
    """Both ends without sorting everybody: only what is at least as good as the last row of an end."""
    if len(values) <= ROWS:
        best = worst = np.arange(len(values))
    else:
        best = np.nonzero(values >= np.partition(values, -ROWS)[-ROWS])[0]
        worst = np.nonzero(values <= np.partition(values, ROWS - 1)[ROWS - 1])[0]
    best = best[np.lexsort([customers[best], -values[best]])][:ROWS]
    worst = worst[np.lexsort([customers[worst], values[worst]])][:ROWS]
    return rows_to_ends(zip(customers[best], values[best]), zip(customers[worst], values[worst]))


# What every SQL engine is asked. The sums of a period, and what is made of them.
VALUE = "sum(revenue - cost - minutes * {rate})"
BOTH = """with sums as {materialized} ({sums})
select * from (select 1 as part, customer, value from sums order by value desc, customer limit 100) as best
union all
select * from (select 2 as part, customer, value from sums order by value, customer limit 100) as worst"""
CURVE = """with sums as ({sums}), ranked as {materialized} (
  select value, row_number() over (order by value desc) as place,
         sum(value) over (order by value desc rows unbounded preceding) as cumulative from sums),
totals as (select count(*) as customers, count(case when value > 0 then 1 end) as positive,
                  count(case when value < 0 then 1 end) as negative, max(cumulative) as height from ranked)
select place, cumulative, customers, positive, negative, height,
       case when cumulative = height then 1 else 0 end as at_peak
from ranked cross join totals
where place * {points} % customers < {points} or cumulative = height order by place"""


def curve_of_rows(rows):
    """The whale curve from the rows of CURVE."""
    rows = [tuple(int(cell) for cell in row) for row in rows]
    customers, positive, negative, height = rows[0][2:6]
    at = {row[0]: row[1] for row in rows}
    places = [-(-index * customers // POINTS) for index in range(1, POINTS + 1)]
    first_peak = min(row[0] for row in rows if row[6])
    return {
        "customers": customers,
        "positive": positive,
        "negative": negative,
        "peak": [first_peak, height] if height > 0 else [0, 0],
        "points": [[place, at[place]] for place in places],
    }


def ends_of_rows(rows):
    rows = [tuple(int(cell) for cell in row) for row in rows]
    best = sorted((row for row in rows if row[0] == 1), key=lambda row: (-row[2], row[1]))
    worst = sorted((row for row in rows if row[0] == 2), key=lambda row: (row[2], row[1]))
    return rows_to_ends([row[1:] for row in best], [row[1:] for row in worst])


def as_numbers(ends):
    """Customers' ids and decimals as the numbers of the other layouts."""
    pairs = lambda rows: [[int(customer.removeprefix(ID_PREFIX)), int(value * 100)] for customer, value in rows]
    return {name: pairs(rows) for name, rows in ends.items()}


def in_units(cents):
    return decimal.Decimal(cents).scaleb(-2)


def sums_query(table, question, rate="{cents}"):
    first, end = question["first_day"], question["first_day"] + question["days"]
    cents = question["rate_cents"]
    value = VALUE.format(rate=rate.format(cents=cents, units=in_units(cents)))
    where = "" if question["length"] == "all time" else f" where day >= {first} and day < {end}"
    return f"select customer, {value} as value from {table}{where} group by customer"


class Engine:
    """One engine. `ways` are functions of a question by what they are: for the ends, and for the curve."""

    def __init__(self, np, folder, place, threads):
        self.np = np
        self.columns = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in COLUMNS}
        self.place = place
        self.threads = threads

    def columns_in_order(self, *keys):
        """The columns in the order of some of them."""
        order = self.np.lexsort([self.columns[key] for key in reversed(keys)])
        return {name: self.np.ascontiguousarray(column[order]) for name, column in self.columns.items()}

    def processor_seconds(self):
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def megabytes(self):
        return megabytes_of_process("self")

    def submitted_layout(self):
        """Makes the layout of rows as they were submitted, where this engine is asked on it."""

    def close(self):
        pass


class DuckDB(Engine):
    title = "DuckDB"

    def load(self):
        import duckdb

        self.connection = duckdb.connect(str(self.place / "world.duckdb"))
        if self.threads:
            self.connection.execute(f"set threads = {self.threads}")
        self.connection.execute("set preserve_insertion_order = true")
        self.connection.register("columns", dict(self.columns_in_order("day")))
        self.connection.execute("create table by_day as select * from columns")
        self.connection.execute("checkpoint")

    def second_layout(self):
        self.connection.unregister("columns")
        self.connection.execute("create table by_customer as select * from by_day order by customer, day")
        self.connection.execute("checkpoint")

    def submitted_layout(self):
        self.connection.execute(f"""create table submitted as select day, printf('{ID_PREFIX}%07d', customer) as customer,
            cast(revenue * 0.01 as decimal(18, 6)) as revenue, cast(cost * 0.01 as decimal(18, 6)) as cost, minutes
            from by_day order by day""")
        self.connection.execute("checkpoint")

    def ends_of_submitted(self, question):
        sums = sums_query("submitted", question, "{units}")
        rows = self.connection.execute(BOTH.format(sums=sums, materialized="materialized")).fetchall()
        part = lambda number: [row[1:] for row in rows if row[0] == number]
        best = sorted(part(1), key=lambda row: (-row[1], row[0]))
        return as_numbers({"best": best, "worst": sorted(part(2), key=lambda row: (row[1], row[0]))})

    def ends(self, table, question):
        query = BOTH.format(sums=sums_query(table, question), materialized="materialized")
        return ends_of_rows(self.connection.execute(query).fetchall())

    def ends_with_numpy(self, table, question):
        query = f"select customer, value::bigint as value from ({sums_query(table, question)})"
        rows = self.connection.execute(query).fetchnumpy()
        return ends_of_columns(self.np, rows["customer"], rows["value"])

    def curve_in_sql(self, table, question):
        query = CURVE.format(sums=sums_query(table, question), points=POINTS, materialized="materialized")
        return curve_of_rows(self.connection.execute(query).fetchall())

    def curve_with_numpy(self, table, question):
        query = f"select value::bigint as value from ({sums_query(table, question)}) order by value desc"
        return curve_of_sorted(self.np, self.connection.execute(query).fetchnumpy()["value"])

    def ways(self):
        tables = {"ordered by day": "by_day", "ordered by customer": "by_customer"}
        ends = {name: lambda q, t=table: self.ends(t, q) for name, table in tables.items()}
        curves = {f"{name}, windows": lambda q, t=table: self.curve_in_sql(t, q) for name, table in tables.items()}
        for name, table in tables.items():
            ends[f"{name}, ends in NumPy"] = lambda q, t=table: self.ends_with_numpy(t, q)
            curves[f"{name}, sums in NumPy"] = lambda q, t=table: self.curve_with_numpy(t, q)
        ends[SUBMITTED] = self.ends_of_submitted
        return ends, curves

    def close(self):
        self.connection.close()


class Polars(Engine):
    title = "Polars"

    def load(self):
        if self.threads:
            os.environ["POLARS_MAX_THREADS"] = str(self.threads)
        import polars

        self.polars = polars
        columns = self.columns_in_order("day")
        self.by_day = polars.DataFrame(columns).with_columns(polars.col("day").set_sorted())
        self.days = columns["day"]

    def second_layout(self):
        self.by_customer = self.by_day.sort("customer", "day")

    def submitted_layout(self):
        col, amount = self.polars.col, self.polars.Decimal(38, 6)
        cents = lambda name: (col(name).cast(amount) * self.polars.lit(in_units(1))).cast(amount)
        identity = self.polars.lit(ID_PREFIX) + col("customer").cast(self.polars.String).str.zfill(7)
        self.submitted = self.by_day.select(
            "day", customer=identity, revenue=cents("revenue"), cost=cents("cost"), minutes=col("minutes").cast(amount))

    def ends_of_submitted(self, question):
        col, rate = self.polars.col, self.polars.lit(in_units(question["rate_cents"]))
        first, end = question["first_day"], question["first_day"] + question["days"]
        start, stop = self.np.searchsorted(self.days, [first, end])
        frame = self.submitted.slice(int(start), int(stop - start)).lazy()
        value = col("revenue") - col("cost") - col("minutes") * rate
        sums = frame.select("customer", value=value).group_by("customer").agg(col("value").sum())
        return as_numbers(self.both_ends(sums.collect()))

    def both_ends(self, sums):
        best = sums.lazy().top_k(ROWS, by=["value", "customer"], reverse=[False, True])
        best = best.sort(["value", "customer"], descending=[True, False])
        worst = sums.lazy().bottom_k(ROWS, by=["value", "customer"]).sort(["value", "customer"])
        best, worst = self.polars.collect_all([best, worst])
        return {"best": best.select("customer", "value").rows(), "worst": worst.select("customer", "value").rows()}

    def sums(self, layout, question):
        col = self.polars.col
        first, end = question["first_day"], question["first_day"] + question["days"]
        wide = lambda name: col(name).cast(self.polars.Int64)
        value = wide("revenue") - wide("cost") - wide("minutes") * question["rate_cents"]
        if layout == "day":
            start, stop = self.np.searchsorted(self.days, [first, end])
            frame = self.by_day.slice(int(start), int(stop - start)).lazy()
        else:
            frame = self.by_customer.lazy()
            if question["length"] != "all time":
                frame = frame.filter((col("day") >= first) & (col("day") < end))
        return frame.select("customer", value=value).group_by("customer").agg(col("value").sum())

    def ends(self, layout, question):
        both = self.both_ends(self.sums(layout, question).collect())
        return rows_to_ends(both["best"], both["worst"])

    def ends_with_numpy(self, layout, question):
        sums = self.sums(layout, question).collect()
        return ends_of_columns(self.np, sums["customer"].to_numpy(), sums["value"].to_numpy())

    def curve(self, layout, question):
        values = self.sums(layout, question).select("value").sort("value", descending=True).collect()
        return curve_of_sorted(self.np, values["value"].to_numpy())

    def ways(self):
        names = {"ordered by day": "day", "ordered by customer": "customer"}
        ends = {name: lambda q, w=layout: self.ends(w, q) for name, layout in names.items()}
        for name, layout in names.items():
            ends[f"{name}, ends in NumPy"] = lambda q, w=layout: self.ends_with_numpy(w, q)
        ends[SUBMITTED] = self.ends_of_submitted
        curves = {name: lambda q, w=layout: self.curve(w, q) for name, layout in names.items()}
        return ends, curves


class ClickHouse(Engine):
    title = "ClickHouse (chdb)"
    TYPES = "day Int32, customer Int32, revenue Int32, cost Int32, minutes Int32"

    def load(self):
        from chdb.session import Session

        self.session = Session(str(self.place / "clickhouse"))
        if self.threads:
            self.session.query(f"set max_threads = {self.threads}")
        self.session.query("create database if not exists world")
        self.session.query(f"create table world.by_day ({self.TYPES}) engine = MergeTree order by (day, customer)")
        # The session reads NumPy columns through a file of rows without names.
        stacked = self.np.stack([self.columns[name] for name in COLUMNS], axis=1)
        rows = self.place / "rows.bin"
        stacked.tofile(rows)
        self.session.query(f"insert into world.by_day select * from file('{rows}', 'RowBinary', '{self.TYPES}')")
        rows.unlink()
        self.session.query("optimize table world.by_day final")

    def second_layout(self):
        self.session.query(f"create table world.by_customer ({self.TYPES}) engine = MergeTree order by (customer, day)")
        self.session.query("insert into world.by_customer select * from world.by_day")
        self.session.query("optimize table world.by_customer final")

    def submitted_layout(self):
        self.session.query("""create table world.submitted (day Int32, customer String, revenue Decimal(18, 6),
            cost Decimal(18, 6), minutes Int32) engine = MergeTree order by (day, customer)""")
        self.session.query(f"""insert into world.submitted select day, concat('{ID_PREFIX}', leftPad(toString(customer), 7, '0')),
            toDecimal64(revenue, 6) / 100, toDecimal64(cost, 6) / 100, minutes from world.by_day""")
        self.session.query("optimize table world.submitted final")

    def ends_of_submitted(self, question):
        sums = sums_query("world.submitted", question, "toDecimal64('{units}', 6)")
        query = f"""select groupArraySorted({ROWS})((-value, customer)), groupArraySorted({ROWS})((value, customer))
            from ({sums})"""
        rows = json.loads(self.session.query(query, "JSONCompactEachRow").bytes(), parse_float=decimal.Decimal)
        best, worst = [[(customer, decimal.Decimal(value)) for value, customer in part] for part in rows]
        return as_numbers({"best": [(customer, -value) for customer, value in best], "worst": worst})

    def ends(self, table, settings, question):
        # One pass keeps both ends, since the sums of a common table would be made twice.
        sums = sums_query(f"world.{table}", question)
        query = f"""select groupArraySorted({ROWS})((-value, customer)), groupArraySorted({ROWS})((value, customer))
            from ({sums}) {settings}"""
        best, worst = json.loads(self.session.query(query, "JSONCompactEachRow").bytes())
        best = [(customer, -int(value)) for value, customer in best]
        return rows_to_ends(best, [(customer, value) for value, customer in worst])

    def ends_with_numpy(self, table, settings, question):
        query = f"{sums_query(f'world.{table}', question)} {settings}"
        rows = self.np.frombuffer(self.session.query(query, "RowBinary").bytes(), dtype=[("customer", "<i4"), ("value", "<i8")])
        return ends_of_columns(self.np, rows["customer"], rows["value"])

    def curve(self, table, settings, question):
        sums = sums_query(f"world.{table}", question)
        query = f"select value from ({sums}) order by value desc {settings}"
        raw = self.session.query(query, "RowBinary").bytes()
        return curve_of_sorted(self.np, self.np.frombuffer(raw, dtype="<i8"))

    def ways(self):
        layouts = {
            "ordered by day": ("by_day", ""),
            "ordered by customer": ("by_customer", ""),
            "ordered by customer, summed in order": ("by_customer", "settings optimize_aggregation_in_order = 1"),
        }
        ends = {name: lambda q, a=how: self.ends(*a, q) for name, how in layouts.items()}
        for name, how in layouts.items():
            ends[f"{name}, ends in NumPy"] = lambda q, a=how: self.ends_with_numpy(*a, q)
        ends[SUBMITTED] = self.ends_of_submitted
        curves = {name: lambda q, a=how: self.curve(*a, q) for name, how in layouts.items()}
        return ends, curves

    def close(self):
        self.session.close()


class PostgreSQL(Engine):
    title = "PostgreSQL"
    SETTINGS = {
        "listen_addresses": "''", "shared_buffers": "'2GB'", "work_mem": "'1GB'", "maintenance_work_mem": "'1GB'",
        "max_wal_size": "'8GB'", "jit": "off", "effective_cache_size": "'8GB'", "random_page_cost": "1.1",
    }

    def load(self):
        import psycopg

        binaries = self.binaries()
        # Its server refuses to run as the superuser.
        self.user = {"user": "postgres"} if os.getuid() == 0 else {}
        self.data = self.place / "postgresql"
        self.data.mkdir()
        if self.user:
            shutil.chown(self.data, "postgres")
        run = lambda *command: subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.place, **self.user)
        run(binaries / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale", "C")
        settings = dict(self.SETTINGS, unix_socket_directories=f"'{self.data}'")
        if self.threads:
            settings["max_parallel_workers_per_gather"] = self.threads - 1
        with open(self.data / "postgresql.conf", "a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.server = subprocess.Popen(
            [binaries / "postgres", "-D", self.data], stderr=subprocess.DEVNULL, cwd=self.place, **self.user)
        for _ in range(200):
            with contextlib.suppress(psycopg.OperationalError):
                self.connection = psycopg.connect(host=str(self.data), user="postgres", dbname="postgres", autocommit=True)
                break
            time.sleep(0.05)
        else:
            raise Skipped("its server does not start")
        self.copy()

    def binaries(self):
        found = [pathlib.Path(path).parent for path in [shutil.which("initdb")] if path]
        found += sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        for folder in found:
            if (folder / "initdb").exists():
                return (folder / "initdb").resolve().parent
        raise Skipped("initdb is not installed")

    def copy(self):
        run = self.connection.execute
        run("create table by_day (day int, customer int, revenue int, cost int, minutes int)")
        columns = self.columns_in_order("day")
        rows = len(columns["day"])
        # The binary format: a count of fields, and a length before each.
        kind = [("count", ">i2")] + [(f"{part}_{name}", ">i4") for name in COLUMNS for part in ("length", "cell")]
        with self.connection.cursor().copy("copy by_day from stdin (format binary)") as copy:
            copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
            for start in range(0, rows, 500_000):
                part = slice(start, min(start + 500_000, rows))
                block = self.np.empty(part.stop - part.start, dtype=kind)
                block["count"] = len(COLUMNS)
                for name in COLUMNS:
                    block[f"length_{name}"] = 4
                    block[f"cell_{name}"] = columns[name][part]
                copy.write(block.tobytes())
            copy.write(b"\xff\xff")
        run("create index on by_day (day) include (customer, revenue, cost, minutes)")
        run("vacuum (analyze, freeze) by_day")

    def second_layout(self):
        run = self.connection.execute
        run("create index on by_day (customer, day) include (revenue, cost, minutes)")
        run("vacuum analyze by_day")

    def ends(self, settings, question):
        return self.asked(settings, BOTH.format(sums=sums_query("by_day", question), materialized="materialized"), ends_of_rows)

    def curve(self, settings, question):
        query = f"select value::bigint from ({sums_query('by_day', question)}) as sums order by value desc"
        values = lambda rows: curve_of_sorted(self.np, self.np.array([row[0] for row in rows], dtype="i8"))
        return self.asked(settings, query, values, binary=True)

    def asked(self, settings, query, answer, binary=False):
        for setting in settings:
            self.connection.execute(f"set {setting}")
        rows = self.connection.cursor(binary=binary).execute(query).fetchall()
        for setting in settings:
            self.connection.execute(f"reset {setting.split()[0]}")
        return answer(rows)

    def ways(self):
        ways = {"as planned": [], "summed in the order of an index": ["enable_hashagg = off", "enable_seqscan = off"]}
        ends = {name: lambda q, s=settings: self.ends(s, q) for name, settings in ways.items()}
        curves = {name: lambda q, s=settings: self.curve(s, q) for name, settings in ways.items()}
        return ends, curves

    def processor_seconds(self):
        """This process, the one that answers, and those that helped it, which the server has waited for."""
        tick = os.sysconf("SC_CLK_TCK")
        words = lambda pid: pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = sum(int(word) for word in words(self.connection.info.backend_pid)[11:13])
        ticks += sum(int(word) for word in words(self.server.pid)[13:15])
        return ticks / tick + super().processor_seconds()

    def megabytes(self):
        """What its processes hold for themselves, and their shared pages once."""
        fields = ("Pss:",)
        total = 0
        children = subprocess.run(["pgrep", "-P", str(self.server.pid)], capture_output=True, text=True).stdout.split()
        for pid in [self.server.pid, *children]:
            with contextlib.suppress(OSError):
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith(fields):
                        total += int(line.split()[1]) / 1024
        return total

    def close(self):
        self.connection.close()
        self.server.terminate()
        self.server.wait()


class SQLite(Engine):
    title = "SQLite"

    def load(self):
        self.connection = sqlite3.connect(self.place / "world.sqlite")
        for setting in ("journal_mode = off", "synchronous = off", "cache_size = -4000000", "temp_store = memory"):
            self.connection.execute(f"pragma {setting}")
        self.fill("by_day", "day", "customer")

    def fill(self, table, *keys):
        """Rows lie in the order of the key; a number makes each unique."""
        self.connection.execute(
            f"create table {table} ({', '.join(f'{name} integer' for name in COLUMNS)}, number integer, "
            f"primary key ({', '.join(keys)}, number)) without rowid")
        columns = self.columns_in_order(*keys)
        rows = len(columns["day"])
        for start in range(0, rows, 500_000):
            part = slice(start, min(start + 500_000, rows))
            lists = [columns[name][part].tolist() for name in COLUMNS]
            self.connection.executemany(f"insert into {table} values (?, ?, ?, ?, ?, ?)", zip(*lists, range(part.start, part.stop)))
        self.connection.commit()

    def second_layout(self):
        self.fill("by_customer", "customer", "day")

    def ends(self, table, question):
        query = BOTH.format(sums=sums_query(table, question), materialized="materialized")
        return ends_of_rows(self.connection.execute(query).fetchall())

    def curve(self, table, question):
        query = f"select value from ({sums_query(table, question)}) order by value desc"
        rows = self.connection.execute(query).fetchall()
        return curve_of_sorted(self.np, self.np.array([row[0] for row in rows], dtype="i8"))

    def ways(self):
        tables = {"ordered by day": "by_day", "ordered by customer": "by_customer"}
        ends = {name: lambda q, t=table: self.ends(t, q) for name, table in tables.items()}
        curves = {name: lambda q, t=table: self.curve(t, q) for name, table in tables.items()}
        return ends, curves

    def close(self):
        self.connection.close()


ENGINES = {"duckdb": DuckDB, "polars": Polars, "clickhouse": ClickHouse, "postgresql": PostgreSQL, "sqlite": SQLite}


def timed(engine, ask):
    processor, wall = engine.processor_seconds(), time.perf_counter()
    answer = ask()
    wall = time.perf_counter() - wall
    return answer, {"wall": wall * 1e3, "processor": (engine.processor_seconds() - processor) * 1e3}


def best_ways(engine, ways, question):
    """The way with the least processor time for a question that was asked once before: of all layouts of integers, of
    those that read rows in the order of days, which is how they arrive, and on rows as they were submitted."""
    costs = {}
    for name, way in ways.items():
        cost = timed(engine, lambda: way(question))[1]
        if cost["wall"] < 1e3:
            cost = timed(engine, lambda: way(question))[1]
        costs[name] = cost["processor"]
    submitted = [name for name in ways if name == SUBMITTED]
    integers = [name for name in ways if name != SUBMITTED]
    by_day = [name for name in integers if name.startswith("ordered by day")]
    least = lambda names: min(names, key=costs.get, default=None)
    return least(integers), {"rows in the order of days": least(by_day), "rows as submitted": least(submitted)}


def ask_all(engine, questions, report):
    kinds = {"100 best + 100 worst": "ranked", "whale curve": "curve"}
    of_kind = dict(zip(kinds, engine.ways()))
    chosen = []
    for length in dict.fromkeys(question["length"] for question in questions):
        asked = [question for question in questions if question["length"] == length]
        answers = [{"question": question} for question in asked]
        warm_up = dict(asked[0], rate_cents=asked[0]["rate_cents"] - 1)
        for what, ways in of_kind.items():
            best, others = best_ways(engine, ways, warm_up)
            chosen.append(f"{what} of {length}: {best}")
            measure_way(engine, ways[best], answers, kinds[what], (what, length), report)
            for rows, way in others.items():
                if way:
                    measure_way(engine, ways[way], answers, kinds[what], (f"{what}, {rows}", length), report)
        report["answered"] += [answer for answer in answers if len(answer) == 3]
    report["layout"] = "; ".join(chosen)


def measure_way(engine, way, answers, kind, names, report):
    """Asks one way all questions, or as many as patience lasts for, and keeps its answers under `kind`: the same of all."""
    costs, begin = [], time.perf_counter()
    for answer in answers:
        given, cost = timed(engine, lambda: way(answer["question"]))
        costs.append(cost)
        if answer.setdefault(kind, given) != given:
            raise ValueError(f"two layouts of {engine.title} answer {names[0]} differently: {answer['question']}")
        if time.perf_counter() - begin > PATIENCE:
            break
    median = {name: statistics.median(cost[name] for cost in costs) for name in ("wall", "processor")}
    report["measured"].append({"what": names[0], "length": names[1], "cost": median, "count": len(costs)})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--threads", type=int)
    arguments = parser.parse_args()
    kind = ENGINES[arguments.engine]
    report = {"engine": kind.title, "measured": [], "answered": []}
    with tempfile.TemporaryDirectory(prefix="profitscore-peer-") as place:
        os.chmod(place, 0o755)
        try:
            measure(kind, arguments, pathlib.Path(place), report)
        except (ImportError, Skipped) as reason:
            report["skipped"] = str(reason)
    arguments.report.write_text(json.dumps(report))


def measure(kind, arguments, place, report):
    import numpy

    questions = json.loads((arguments.folder / "questions.json").read_text())
    engine = kind(numpy, arguments.folder, place, arguments.threads)
    began = time.perf_counter(), Engine.processor_seconds(engine)
    try:
        engine.load()
        report["load"] = {
            "wall": (time.perf_counter() - began[0]) * 1e3,
            "processor": (engine.processor_seconds() - began[1]) * 1e3,
        }
        report["disk_megabytes"] = megabytes_of_folder(place)
        report["memory_megabytes"] = engine.megabytes()
        engine.second_layout()
        engine.submitted_layout()
        report["machine_load"] = os.getloadavg()[0]
        ask_all(engine, questions, report)
    finally:
        with contextlib.suppress(AttributeError):
            engine.close()


if __name__ == "__main__":
    sys.exit(main())

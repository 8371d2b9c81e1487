"""Check recorded statements with Google's own SQL analyzer: scripts/statements.py ANALYZER FOLDER.

ANALYZER is the folder that scripts/analyzer prints; run this with its Python. FOLDER has one file of JSON lines per
server, each line a statement with its parameters and its project. The columns of a table come from the CREATE TABLE
that was sent for it. A script is analysed by statement, with the temporary tables and variables it has created so
far. A statement that should be refused has the comment /* refused */.

Exit 1 if a statement is refused, or one with the comment is not.
"""

import concurrent.futures
import ctypes
import datetime
import functools
import json
import multiprocessing
import os
import pathlib
import re
import sys

import wasmtime
import zetasql.core.wasm_client as wasm
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as features_pb2
from zetasql.wasi._pb2.zetasql.public import simple_constant_pb2, type_pb2

REFUSED = "/* refused */"

# Each process keeps a compiled analyzer in memory.
MOST_PARTS = 4

TYPES = {
    "STRING": type_pb2.TYPE_STRING,
    "BYTES": type_pb2.TYPE_BYTES,
    "INT64": type_pb2.TYPE_INT64,
    "FLOAT64": type_pb2.TYPE_DOUBLE,
    "BOOL": type_pb2.TYPE_BOOL,
    "DATE": type_pb2.TYPE_DATE,
    "DATETIME": type_pb2.TYPE_DATETIME,
    "TIMESTAMP": type_pb2.TYPE_TIMESTAMP,
    "NUMERIC": type_pb2.TYPE_NUMERIC,
    "JSON": type_pb2.TYPE_JSON,
}

# The columns of a table partitioned by ingestion time that its schema does not have.
PSEUDO = {"_PARTITIONTIME": "TIMESTAMP", "_PARTITIONDATE": "DATE"}

# What a dataset says of its tables; the columns that a query may ask for.
METADATA = {
    "TABLES": {"table_name": "STRING", "table_type": "STRING", "creation_time": "TIMESTAMP", "ddl": "STRING"},
    "COLUMNS": {
        "table_name": "STRING",
        "column_name": "STRING",
        "ordinal_position": "INT64",
        "is_nullable": "STRING",
        "data_type": "STRING",
    },
    "PARTITIONS": {
        "table_name": "STRING",
        "partition_id": "STRING",
        "total_rows": "INT64",
        "total_logical_bytes": "INT64",
        "last_modified_time": "TIMESTAMP",
    },
}


class Refusal(Exception):
    """Why a statement is refused."""


def simple(word):
    """The type of this name."""
    return type_pb2.TypeProto(type_kind=TYPES[word])


def find(message, name):
    """The field of this name, of a node or of what it is wrapped in."""
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is not None:
        value = getattr(message, name)
        if field.is_repeated or not field.message_type or message.HasField(name):
            return value
    for inner, value in message.ListFields():
        is_wrapper = inner.name == "parent" or inner.containing_oneof is not None
        if is_wrapper and inner.message_type and not inner.is_repeated:
            found = find(value, name)
            if found is not None:
                return found
    return None


def concrete(message):
    """The node itself, without the messages that say which kind it is."""
    while True:
        wrapped = [value for field, value in message.ListFields() if field.containing_oneof and field.message_type]
        if len(wrapped) != 1 or len(message.ListFields()) != 1:
            return message
        message = wrapped[0]


class Analyzer:
    """Google's analyzer, with the functions and the words of BigQuery."""

    def __init__(self, folder):
        compiled = str(folder / "zetasql.compiled")
        # As the package does it, without compiling anew, and copying bytes at once.
        wasm.Module = type("Module", (), {"from_file": lambda engine, _: wasmtime.Module.deserialize_file(engine, compiled)})
        wasm.WasmClient.write_bytes = lambda own, at, data: ctypes.memmove(self.memory(own) + at, data, len(data))
        wasm.WasmClient.read_bytes = lambda own, at, size: ctypes.string_at(self.memory(own) + at, size)
        self.client = wasm.WasmClient(get_wasm_path())
        request = service.LanguageOptionsRequest(maximum_features=True)
        self.language = self.call("GetLanguageOptions", request, options_pb2.LanguageOptionsProto)
        # BigQuery counts microseconds.
        finer = [features_pb2.FEATURE_TIMESTAMP_NANOS, features_pb2.FEATURE_TIMESTAMP_PICOS]
        kept = [feature for feature in self.language.enabled_language_features if feature not in finer]
        del self.language.enabled_language_features[:]
        self.language.enabled_language_features.extend(kept)
        self.language.product_mode = features_pb2.PRODUCT_EXTERNAL
        del self.language.supported_statement_kinds[:]
        # Making all functions known takes longer than the analysis itself.
        self.functions = {}
        every = options_pb2.ZetaSQLBuiltinFunctionOptionsProto(language_options=self.language)
        for function in self.call("GetBuiltinFunctions", every, service.GetBuiltinFunctionsResponse).function:
            ids = {signature.context_id for signature in function.signature}
            self.functions.setdefault(function.name_path[-1].lower(), set()).update(ids)

    @staticmethod
    def memory(client):
        return ctypes.addressof(client.memory.data_ptr().contents)

    def call(self, method, request, answer):
        try:
            return self.client.call_grpc_func(f"ZetaSqlLocalService_{method}", request, answer)
        except Exception as error:
            raise Refusal(str(error)) from None

    def parse(self, script):
        request = service.ParseRequest(sql_statement=script, options=self.language, allow_script=True)
        return self.call("Parse", request, service.ParseResponse).parsed_script

    @functools.cache
    def names(self, sql):
        request = service.ExtractTableNamesFromStatementRequest(sql_statement=sql, options=self.language)
        answer = self.call("ExtractTableNamesFromStatement", request, service.ExtractTableNamesFromStatementResponse)
        return [list(name.table_name_segment) for name in answer.table_name]

    def analyze(self, sql, tables, parameters, variables, made):
        """The resolved statement. `tables` are the columns of each name; `variables` the types of a script's own, and `made`
        its functions."""
        words = set(re.findall(r"\w+", sql.lower()))
        named = [ids for name, ids in self.functions.items() if name.startswith("$") or name in words]
        try:
            return self.analyze_with(sorted(set().union(*named)), sql, tables, parameters, variables, made)
        except Refusal:
            # A construct may stand for a function that it does not name.
            return self.analyze_with([], sql, tables, parameters, variables, made)

    def analyze_with(self, functions, sql, tables, parameters, variables, made):
        """The resolved statement, with these functions and no others; none named are all."""
        catalog = simple_catalog_pb2.SimpleCatalogProto(name="catalog")
        catalog.builtin_function_options.include_function_ids.extend(functions)
        catalog.builtin_function_options.language_options.CopyFrom(self.language)
        for number, (segments, columns) in enumerate(tables, 1):
            put(catalog, segments, columns, number)
        for name, kind in variables.items():
            constant = simple_constant_pb2.SimpleConstantProto(name_path=[name])
            constant.type.CopyFrom(kind)
            catalog.constant.append(constant)
        for name, signature in made.items():
            function = catalog.custom_function.add(name_path=[name], group="script", mode="SCALAR")
            function.signature.append(signature)
        options = options_pb2.AnalyzerOptionsProto()
        options.language_options.CopyFrom(self.language)
        for name, kind in PSEUDO.items():
            options.ddl_pseudo_columns.add(name=name).type.CopyFrom(simple(kind))
        for name, kind in parameters.items():
            parameter = options.query_parameters.add(name=name)
            parameter.type.CopyFrom(simple(kind))
        request = service.AnalyzeRequest(sql_statement=sql, options=options, simple_catalog=catalog)
        return self.call("Analyze", request, service.AnalyzeResponse).resolved_statement


def put(catalog, segments, columns, number):
    """Puts a table where its name leads to."""
    for segment in segments[:-1]:
        inner = next((known for known in catalog.catalog if known.name == segment), None)
        catalog = inner if inner is not None else catalog.catalog.add(name=segment)
    table = catalog.table.add(name=segments[-1], serialization_id=number)
    for name, kind in columns.items():
        table.column.add(name=name, is_pseudo_column=name in PSEUDO).type.CopyFrom(kind)


class Server:
    """The tables of one server, as the statements that were sent to it have made them."""

    def __init__(self, project, defined):
        self.project = project
        self.tables = {}
        # Every table that is made on any server, for what is asked before it is there.
        self.defined = defined

    def path(self, segments):
        """`dataset.table` of a name; the whole of it where it is in another project."""
        parts = ".".join(segments).split(".")
        return ".".join(parts[1:] if len(parts) > 2 and parts[0] == self.project else parts)

    def columns(self, segments, temporary):
        path = self.path(segments)
        if len(segments) == 1 and path in temporary:
            return temporary[path]
        dataset, _, view = path.partition(".INFORMATION_SCHEMA.")
        if view in METADATA and "." not in dataset:
            return {name: simple(kind) for name, kind in METADATA[view].items()}
        columns = self.tables.get(path) or self.defined.get(path)
        if columns is None and path.endswith("*"):
            columns = self.matched(path[:-1])
        if columns is None:
            raise Refusal(f"no statement makes table {path}")
        return columns

    def matched(self, start):
        """The columns of a wildcard table: those of its newest table, with the rest of its name."""
        found = [columns for path, columns in self.tables.items() if path.startswith(start)]
        return {**found[-1], "_TABLE_SUFFIX": simple("STRING")} if found else None


class Script:
    """One text that was sent: a statement, or several."""

    def __init__(self, analyzer, server, sent, done):
        self.analyzer, self.server, self.done = analyzer, server, done
        self.sql = sent["sql"].encode()
        self.parameters = {bound["name"]: bound["type"] for bound in sent["parameters"]}
        self.temporary, self.variables, self.functions = {}, {}, {}

    def text(self, node):
        place = find(node, "parse_location_range")
        return self.sql[place.start : place.end].decode()

    def run(self):
        self.each(self.analyzer.parse(self.sql.decode()).statement_list_node.statement_list)

    def each(self, statements):
        for statement in statements:
            node = concrete(statement)
            kind = node.DESCRIPTOR.name.removeprefix("AST").removesuffix("Proto")
            if kind == "IfStatement":
                self.expression(node.condition)
                self.each(node.then_list.statement_list)
                for clause in node.elseif_clauses.elseif_clauses:
                    self.expression(clause.condition)
                    self.each(clause.body.statement_list)
                self.each(node.else_list.statement_list)
            elif kind == "BeginEndBlock":
                self.each(node.statement_list_node.statement_list)
            elif kind == "VariableDeclaration":
                self.declare(node)
            elif kind == "SingleAssignment":
                self.expression(node.expression)
            elif kind == "RaiseStatement":
                self.expression(node.message)
            elif kind not in ("BeginStatement", "CommitStatement", "RollbackStatement"):
                self.statement(self.text(statement))

    def expression(self, node):
        return self.statement(f"SELECT {self.text(node)}")

    def declare(self, node):
        kind = f"CAST(NULL AS {self.text(node.type)})" if node.HasField("type") else self.text(node.default_value)
        resolved = self.statement(f"SELECT {kind}")
        for name in node.variable_list.identifier_list:
            self.variables[name.id_string] = find(resolved, "output_column_list")[0].column.type

    def statement(self, sql):
        names = [] if re.match(r"CREATE (SCHEMA|TABLE(?!.*\sAS\s))|DROP |ALTER ", sql, re.S) else self.analyzer.names(sql)
        tables = [(segments, self.server.columns(segments, self.temporary)) for segments in names]
        # An altered table is looked up by its name too.
        if altered := re.match(r"ALTER TABLE `([^`]+)`", sql):
            tables.append(([altered[1]], self.server.columns([altered[1]], {})))
        key = (shape(sql), str(tables), str(self.parameters), str(self.variables), str(self.functions))
        if key not in self.done:
            try:
                self.done[key] = self.analyzer.analyze(sql, tables, self.parameters, self.variables, self.functions)
            except Refusal as refusal:
                self.done[key] = refusal
        resolved = self.done[key]
        if isinstance(resolved, Refusal):
            raise Refusal(f"{resolved}\n      in: {cut(sql)}")
        self.remember(sql, resolved)
        return resolved

    def remember(self, sql, resolved):
        if re.match(r"CREATE TEMP(ORARY)? FUNCTION", sql):
            self.functions[find(resolved, "name_path")[0]] = find(resolved, "signature")
        if definitions := find(resolved, "column_definition_list"):
            name = find(resolved, "name_path")
            columns = {column.name: column.type for column in definitions}
            if re.search(r"PARTITION BY\s[^\n]*_PARTITION(TIME|DATE)", sql):
                columns |= {name: simple(kind) for name, kind in PSEUDO.items()}
            if re.match(r"CREATE (OR REPLACE )?TEMP", sql):
                self.temporary[name[0]] = columns
            else:
                self.server.tables[self.server.path(name)] = columns
                self.server.defined.setdefault(self.server.path(name), columns)
        if added := re.match(r"ALTER TABLE `([^`]+)`", sql):
            for action in find(resolved, "alter_action_list") or []:
                if definition := find(action, "column_definition"):
                    columns = self.server.columns([added[1]], {})
                    columns = columns | {definition.name: definition.type}
                    self.server.tables[self.server.path([added[1]])] = columns


def shape(sql):
    """A statement without its numbers and dates: those that differ in nothing else are analysed once."""
    numberless = re.sub(r"\b\d+\b", "0", sql)
    return re.sub(r"(DATE '0-0-0', )+", "", numberless)


def cut(sql):
    line = " ".join(sql.split())
    return line if len(line) <= 300 else f"{line[:300]}…"


MOMENT = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:[ Tt](\d{1,2}:\d{1,2}:\d{1,2})(\.\d{1,6})?)?( ?(Z|z|UTC|[+-]\d{1,2}(:\d{2})?))?"
)


def refuse_value(kind, value):
    """Refuses a text that BigQuery does not read as this type."""

    def day(text):
        datetime.date(*map(int, text.split("-")))

    def moment(text):
        matched = MOMENT.fullmatch(text)
        if not matched:
            raise ValueError(text)
        day(matched[1])
        if matched[2]:
            datetime.time(*map(int, matched[2].split(":")))

    readers = {
        "DATE": day,
        "TIMESTAMP": moment,
        "DATETIME": moment,
        "INT64": int,
        "FLOAT64": float,
        "NUMERIC": float,
        "BOOL": {"true": True, "false": False}.__getitem__,
    }
    try:
        readers.get(kind, str)(value)
    except (ValueError, TypeError, KeyError):
        raise Refusal(f"'{value}' is not a valid {kind}") from None


def is_definition(statement):
    return statement["sql"].startswith("CREATE TABLE")


def is_of_the_program(definition):
    return definition["sql"].startswith("CREATE TABLE IF NOT EXISTS")


def judge(folder, files, part, parts):
    """What is refused of every so many statements, each with where it was sent from, and what was analysed."""
    analyzer, defined, done, refused = Analyzer(folder), {}, {}, {}
    # Every table that is made anywhere, by its first definition: the program's own, which says IF NOT EXISTS, before those of
    # tests. A server's tables are in the project of its first statement, whichever one is billed.
    made = {
        statement["sql"]: (sent[0]["project"], statement)
        for sent in files.values()
        for statement in sent
        if is_definition(statement)
    }
    for project, statement in sorted(made.values(), key=lambda made: not is_of_the_program(made[1])):
        try:
            Script(analyzer, Server(project, defined), statement, done).run()
        except Refusal:
            pass  # Said when its turn comes.
    turn = 0
    for name, sent in files.items():
        server = None
        for statement in sent:
            server = server or Server(statement["project"], defined)
            turn += 1
            # What changes a table is known to every part.
            if turn % parts != part and not re.match("CREATE TABLE|ALTER TABLE", statement["sql"]):
                continue
            is_meant = REFUSED in statement["sql"]
            try:
                for bound in statement["parameters"]:
                    refuse_value(bound["type"], bound["value"])
                Script(analyzer, server, statement, done).run()
                problem = "it says that it is refused, and is not" if is_meant else None
            except Refusal as refusal:
                problem = None if is_meant else str(refusal)
            if problem:
                refused.setdefault((problem, shape(statement["sql"])), f"{cut(statement['sql'])} ({name})")
    return refused, set(done)


def main():
    folder, recorded = map(pathlib.Path, sys.argv[1:3])
    files = {file.name: [json.loads(line) for line in file.open()] for file in sorted(recorded.glob("*.jsonl"))}
    parts = min(os.cpu_count() or 1, MOST_PARTS)
    with concurrent.futures.ProcessPoolExecutor(parts, multiprocessing.get_context("spawn")) as pool:
        judged = list(pool.map(judge, *zip(*((folder, files, part, parts) for part in range(parts)))))
    refused = {key: sent for found, _ in judged for key, sent in found.items()}
    for (problem, _), sent in refused.items():
        print(f"REFUSED {problem}\n   sent: {sent}")
    statements = [statement for sent in files.values() for statement in sent]
    distinct = {shape(statement["sql"]) for statement in statements}
    analysed = set().union(*(done for _, done in judged))
    print(f"{len(statements)} statements recorded, {len(distinct)} distinct, {len(analysed)} analysed, {len(refused)} refused")
    return 1 if refused or not statements else 0


if __name__ == "__main__":
    sys.exit(main())

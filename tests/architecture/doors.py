"""The contract that a room is entered through its door only; run by import-linter."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

DOORS = ("public", "events", "schemas", "register")


class DoorsContract(Contract):
    """From outside a room only its public, events, schemas and register may be imported."""

    type_name = "doors"

    open_rooms = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look at each direct import between two rooms."""
        broken = [
            (importer, imported)
            for importer in sorted(graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if self._trespasses(importer, imported) and not graph.is_module_squashed(imported)
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say who came in through a window."""
        for importer, imported in check.metadata["broken"]:
            output.print_error(f"{importer} imports {imported}, which is not a door of its room")

    def _trespasses(self, importer: str, imported: str) -> bool:
        room, _, inner = imported.partition(".")
        if importer.split(".")[0] == room or room in self.open_rooms:  # type: ignore[operator]
            return False
        return inner.split(".")[0] not in DOORS

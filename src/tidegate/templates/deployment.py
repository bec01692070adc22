"""One template with its parameters, evaluated: which resources it makes, in which order, and its outputs.

Knows how parameters, variables and resources refer to each other, and deployments inside of deployments. Does not know
what any resource means.
"""

from collections.abc import Mapping
from dataclasses import replace

from tidegate.resources.arm import ArmResource
from tidegate.resources.findings import closest
from tidegate.resources.source_map import Node, Place, SourceText
from tidegate.templates.computed import Computed
from tidegate.templates.dependencies import in_order
from tidegate.templates.environment import Environment
from tidegate.templates.expander import Findings, expand
from tidegate.templates.given import Given
from tidegate.templates.instances import DEPLOYMENT_TYPE, Header, Instance, read_header, read_instances
from tidegate.templates.limits import NESTED_TEMPLATES_MAX, Budget
from tidegate.templates.outputs import Output, read_outputs
from tidegate.templates.parameters import Parameters
from tidegate.templates.resource_functions import resource_id
from tidegate.templates.scope import Scope
from tidegate.templates.sourced_node import SourcedNode
from tidegate.templates.template_error import TemplateError, TemplateFailed
from tidegate.templates.values import Value, node_of, value_of
from tidegate.templates.variables import Variables

__all__ = ["Deployment"]

_NOT_OF_THE_BODY = ("condition", "copy", "dependsOn", "existing", "resources", "comments", "type", "name", "apiVersion")


class Deployment:
    """One deployment of a template; the `Names` of its scope."""

    def __init__(
        self,
        root: Node,
        source: SourceText,
        given: Mapping[str, Given],
        environment: Environment,
        budget: Budget,
        findings: Findings,
        outer: Scope | None = None,
        depth: int = 0,
    ) -> None:
        self.environment = environment
        self.budget = budget
        self._source = source
        self._findings = findings
        self._outer = outer
        self._depth = depth
        self._scope = Scope(self, dict(outer.copies), dict(outer.lambdas)) if outer is not None else Scope(self)
        self._root = root
        self._parameters = Parameters(root.child("parameters"), source, given, self._scope, findings)
        self._variables = Variables(root.child("variables"), source, self._scope, findings)
        self._instances: list[Instance] = []
        self._headers = Computed(self._header, "resource", lambda instance: instance.label)
        self._bodies = Computed(self._body, "resource", lambda instance: instance.label)
        self._nested = Computed(self._nested_deployment, "deployment", lambda instance: instance.label)
        self._asking: list[Instance] = []
        self._needs: dict[Instance, dict[Instance, None]] = {}
        self.outputs: dict[str, Output] = {}
        self.resources: list[ArmResource] = []

    def run(self) -> None:
        """Evaluate everything into `resources` and `outputs`; what is faulty is left out, with a finding."""
        if self._outer is None and not self._parameters.check():
            return
        self._variables.all()
        self._instances = list(read_instances(self._root.child("resources"), self._scope, self._source, self._findings))
        for instance in self._instances:
            self._needs[instance] = self._depends_on(instance)
            self._attempt(instance)
        self._refuse_duplicates()
        for instance in in_order(self._instances, self._needs, self._circle):
            self._collect(instance)
        self.outputs = read_outputs(self._root.child("outputs"), self._scope, self._source, self._findings)

    def variables(self) -> dict[str, Value]:
        """Return all variables but those that are faulty, about which there are findings."""
        return self._variables.all()

    def parameter(self, name: str) -> Value:
        """Return a parameter; in an outer scope, that of the deployment around."""
        return self._outer.names.parameter(name) if self._outer is not None else self._parameters.get(name)

    def variable(self, name: str) -> Value:
        """Return a variable; in an outer scope, that of the deployment around."""
        return self._outer.names.variable(name) if self._outer is not None else self._variables.get(name)

    def reference(self, name: str, *, is_whole: bool) -> Value:
        """Return what a resource of this template has, see `Names`."""
        found = self._find(name)
        if not found and self._outer is not None:
            return self._outer.names.reference(name, is_whole=is_whole)
        if len(found) != 1:
            return self._reference_elsewhere(name, found, is_whole=is_whole)
        instance = found[0]
        if self._asking:
            self._needs.setdefault(self._asking[-1], {})[instance] = None
        header = self._headers.get(instance)
        if header.is_existing:
            return self._existing(self._id(header), is_whole=is_whole)
        if not header.is_deployed:
            message = f"the resource {instance.label} is not deployed: its condition is false"
            raise TemplateError(message, "use it only where the same condition holds")
        if header.type_name.lower() == DEPLOYMENT_TYPE.lower():
            outputs = self._nested.get(instance).outputs
            shown: dict[str, Value] = {each: {"type": one.type, "value": one.value} for each, one in outputs.items()}
            properties: Value = {"outputs": shown, "provisioningState": "Succeeded"}
            return {"properties": properties, "resourceId": self._id(header)} if is_whole else properties
        body = value_of(self._bodies.get(instance))
        assert isinstance(body, dict)
        if not is_whole:
            return body.get("properties") or {}
        left_out = ("name", "type")
        whole = {field: value for field, value in body.items() if field not in left_out}
        return {**whole, "resourceId": self._id(header), "resourceGroupName": self.environment.resource_group}

    def _reference_elsewhere(self, name: str, found: list[Instance], *, is_whole: bool) -> Value:
        if found:
            raise TemplateError(f"`{name}` is a copy of {len(found)} resources", f"name one of them: `{name}[0]`")
        if name.startswith("/"):
            return self._existing(name, is_whole=is_whole)
        symbols = [each.symbol for each in self._instances if each.symbol is not None]
        near = closest(name, symbols)
        hint = f"did you mean `{near}`?" if near else "give its symbolic name, its name or its id"
        raise TemplateError(f"the template has no resource `{name}`", hint)

    def _existing(self, identifier: str, *, is_whole: bool) -> Value:
        known = self.environment.existing(identifier)
        if known is None:
            message = f"what {identifier} has is not known here: it is not of this template, and Azure is not asked"
            raise TemplateError(message, "its id and name are known; give anything else as a parameter")
        whole = value_of(node_of(known, Node(None, 0, 0)))
        assert isinstance(whole, dict)
        return whole if is_whole else whole.get("properties") or {}

    def _find(self, name: str) -> list[Instance]:
        """Return the resources of a symbolic name, a copy's name, a name or an id."""
        named = [each for each in self._instances if each.symbol is not None and name in (each.symbol, each.label)]
        if named:
            return named
        looped = [each for each in self._instances if each.loop == name]
        if looped:
            return looped
        found: list[Instance] = []
        for instance in self._instances:
            try:
                header = self._headers.get(instance)
            except TemplateFailed:
                continue
            if name.lower() in (header.full_name.lower(), self._id(header).lower()):
                found.append(instance)
        return found

    def _id(self, header: Header) -> str:
        return resource_id(self.environment.resource_group_id, header.type_name, list(header.names))

    def _header(self, instance: Instance) -> Header:
        parent = self._headers.get(instance.parent) if instance.parent is not None else None
        return read_header(instance, parent, self._source, self._findings)

    def _attempt(self, instance: Instance) -> None:
        try:
            header = self._headers.get(instance)
            if not header.is_deployed or header.is_existing:
                return
            if header.type_name.lower() == DEPLOYMENT_TYPE.lower():
                self._nested.get(instance)
            else:
                self._bodies.get(instance)
        except TemplateError as error:
            self._findings.fail_at(error, instance.node, self._source)
        except TemplateFailed:
            return

    def _body(self, instance: Instance) -> Node:
        header = self._headers.get(instance)
        node = instance.node
        assert isinstance(node.value, dict)
        fields = {word: child for word, child in node.value.items() if word not in _NOT_OF_THE_BODY}
        self._asking.append(instance)
        try:
            body = expand(
                Node(fields, node.start, node.end, keys=node.keys), instance.scope, self._source, self._findings
            )
        finally:
            self._asking.pop()
        assert isinstance(body.value, dict)
        named = {"type": header.type, "name": header.name, "apiVersion": header.api_version}
        keys = {word: at for word, at in node.keys.items() if word in named}
        return Node({**named, **body.value}, node.start, node.end, keys={**keys, **body.keys})

    def _nested_deployment(self, instance: Instance) -> "Deployment":
        header = self._headers.get(instance)
        properties = instance.node.child("properties")
        template = properties.child("template") if properties is not None else None
        if properties is None or template is None:
            message = f"the deployment {instance.label} has no template"
            hint = "linked templates are not fetched; write the template into `properties.template`"
            raise self._findings.fail(message, properties or instance.node, self._source, hint)
        if self._depth >= NESTED_TEMPLATES_MAX:
            message = f"deployments nest deeper than {NESTED_TEMPLATES_MAX} levels"
            raise self._findings.fail(message, instance.node, self._source)
        for word in ("resourceGroup", "subscriptionId", "scope"):
            elsewhere = instance.node.child(word)
            if elsewhere is not None:
                message = "a deployment to another resource group or subscription is not supported"
                raise self._findings.fail(message, elsewhere, self._source, f"remove `{word}`")
        self._asking.append(instance)
        try:
            given = self._given(properties.child("parameters"), instance)
        finally:
            self._asking.pop()
        options = properties.child("expressionEvaluationOptions")
        scope = options.child("scope") if options is not None else None
        is_inner = scope is not None and str(scope.value).lower() == "inner"
        source = template.source if isinstance(template, SourcedNode) else self._source
        made = Deployment(
            template,
            source,
            given,
            replace(self.environment, deployment_name=header.full_name),
            self.budget,
            self._findings,
            None if is_inner else instance.scope,
            self._depth + 1,
        )
        made.run()
        return made

    def _given(self, parameters: Node | None, instance: Instance) -> dict[str, Given]:
        given: dict[str, Given] = {}
        for name, child in parameters.value.items() if parameters and isinstance(parameters.value, dict) else ():
            value = child.child("value")
            if value is None:
                raise self._findings.fail(f"the parameter {name} has no value", child, self._source)
            made = expand(value, instance.scope, self._source, self._findings)
            given[name] = Given(value_of(made), Place(self._source, made))
        return given

    def _depends_on(self, instance: Instance) -> dict[Instance, None]:
        needs: dict[Instance, None] = {}
        node = instance.node.child("dependsOn")
        for child in node.value if node is not None and isinstance(node.value, list) else ():
            try:
                name = expand(child, instance.scope, self._source, self._findings).value
            except TemplateFailed:
                continue
            # A dependency on something that is deployed elsewhere is no concern of this template.
            needs |= dict.fromkeys(self._find(str(name)))
            if not needs and not str(name).startswith("/") and not self._find(str(name)):
                near = closest(str(name), [each.symbol for each in self._instances if each.symbol is not None])
                hint = f"did you mean `{near}`?" if near else "give the symbolic name, the name or the id of a resource"
                self._findings.fail(f"the template has no resource `{name}` to depend on", child, self._source, hint)
        return needs

    def _circle(self, circle: list[Instance]) -> None:
        labels = " → ".join(f"`{each.label}`" for each in circle)
        node = circle[-2].node.child("dependsOn") or circle[-2].node
        self._findings.fail(
            f"resources depend on each other in a circle: {labels}", node, self._source, "cut the circle"
        )

    def _refuse_duplicates(self) -> None:
        seen: dict[str, Instance] = {}
        for instance in self._instances:
            try:
                header = self._headers.get(instance)
            except TemplateFailed:
                continue
            if header.is_existing or not header.is_deployed:
                continue
            identifier = self._id(header).lower()
            if identifier in seen:
                message = (
                    f"{header.type_name} `{header.full_name}` is declared twice, as `{seen[identifier].label}` too"
                )
                self._findings.fail(message, header.name, self._source, "rename or remove one of them")
            seen[identifier] = instance

    def _collect(self, instance: Instance) -> None:
        try:
            header = self._headers.get(instance)
            if header.is_existing or not header.is_deployed:
                return
            if header.type_name.lower() == DEPLOYMENT_TYPE.lower():
                self.resources += self._nested.get(instance).resources
                return
            body = self._bodies.get(instance)
        except (TemplateFailed, TemplateError):
            return
        made = ArmResource(
            type=header.type_name,
            names=header.names,
            api_version=str(header.api_version.value),
            place=Place(self._source, body),
        )
        self.resources.append(made)

"""How tests look at the cloud and make it misbehave: a second port, which no client of AWS knows."""

from __future__ import annotations

import shlex
from typing import Any

from flask import Flask, jsonify, request

from .instances import RETIRED
from .life import Life
from .inventory import describe, inventory
from .world import World

# What may change while the cloud runs.
_CHANGEABLE = ("ecrHost", "ecrTokenLifetimeSeconds", "plan", "standardSpotVcpus", "standardVcpus")


def control_app(world: World) -> Flask:
    app = Flask("control")

    def life(instance_id: str) -> Life:
        return world.instances.lives[instance_id]

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Any:
        return jsonify({"error": repr(error)}), 400

    @app.get("/inventory")
    def read_inventory() -> Any:
        return jsonify(inventory(world))

    @app.get("/calls")
    def read_calls() -> Any:
        return jsonify(list(world.calls))

    @app.delete("/calls")
    def forget_calls() -> Any:
        with world.lock:
            world.calls.clear()
        return jsonify({})

    @app.get("/faults")
    def read_faults() -> Any:
        return jsonify(world.faults.ordered)

    @app.post("/faults")
    def order_faults() -> Any:
        world.faults.order(request.get_json())
        return jsonify({})

    @app.get("/halts")
    def read_halts() -> Any:
        return jsonify(world.halts.describe())

    @app.post("/halts")
    def order_halts() -> Any:
        with world.lock:
            world.halts.order(request.get_json())
        return jsonify({})

    @app.delete("/halts")
    def release_halts() -> Any:
        with world.lock:
            world.halts.release(request.get_json())
        return jsonify({})

    @app.post("/settings")
    def change_settings() -> Any:
        for name, value in request.get_json().items():
            if name in _CHANGEABLE:
                setattr(world.settings, name, value)
            elif hasattr(world.settings.delays, name):
                setattr(world.settings.delays, name, value)
            else:
                raise ValueError(f"setting {name} does not change while the cloud runs")
        return jsonify({})

    @app.get("/instances")
    def read_instances() -> Any:
        with world.lock:
            return jsonify([describe(one) for one in world.instances.lives.values()])

    @app.get("/instances/<instance_id>/console")
    def read_console(instance_id: str) -> Any:
        return jsonify(world.instances.console(life(instance_id)))

    @app.get("/instances/<instance_id>/ingress")
    def read_ingress(instance_id: str) -> Any:
        return jsonify(world.instances.ingress(life(instance_id).instance))

    @app.post("/instances/<instance_id>/kill")
    def kill(instance_id: str) -> Any:
        world.instances.lose_power(life(instance_id))
        return jsonify({})

    @app.post("/instances/<instance_id>/retire")
    def retire(instance_id: str) -> Any:
        with world.lock:
            world.instances.stop(life(instance_id), RETIRED)
        return jsonify({})

    @app.post("/instances/<instance_id>/terminate")
    def terminate(instance_id: str) -> Any:
        world.instances.take_away(life(instance_id))
        return jsonify({})

    @app.post("/instances/<instance_id>/spot-notice")
    def give_notice(instance_id: str) -> Any:
        world.instances.give_notice(life(instance_id), request.get_json())
        return jsonify({})

    @app.post("/instances/<instance_id>/age")
    def age(instance_id: str) -> Any:
        world.instances.age(life(instance_id), request.get_json())
        return jsonify({})

    @app.post("/instances/<instance_id>/partition")
    def partition(instance_id: str) -> Any:
        world.instances.partition(life(instance_id), request.get_json())
        return jsonify({})

    @app.post("/instances/<instance_id>/run")
    def run(instance_id: str) -> Any:
        return jsonify(life(instance_id).machine.run(shlex.join(request.get_json())))

    return app

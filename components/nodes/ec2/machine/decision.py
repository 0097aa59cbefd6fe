"""When a node stops. Times are seconds since its boot: those of its clock may jump."""

# A parameter that is replaced is not there for a moment, and a role may be refused for one.
REFUSALS = 2


def decide(now, last_active, lease_until, settings, refusals=0, is_busy=False):
    """None: it runs on. Else the reason to stop. `refusals`: how often in a row it was refused its settings."""
    lifetime, idle = settings["maxLifetimeMinutes"], settings["idleTimeoutMinutes"]
    if lifetime is not None and now >= lifetime * 60:
        return f"its maximum lifetime of {lifetime} minutes is over"
    if settings["isEphemeral"] and refusals >= REFUSALS and not is_busy:
        return "its builder is gone: AWS has no settings for it any more"
    if idle is not None and now - max(0, last_active, lease_until) >= idle * 60:
        return f"it was idle for {idle} minutes"
    return None

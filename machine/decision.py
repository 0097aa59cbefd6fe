"""When a node stops. Times are seconds since its boot: those of its clock may jump."""


def decide(now, last_active, lease_until, timeouts):
    """None: it runs on. Else the reason to stop."""
    lifetime, idle = timeouts["maxLifetimeMinutes"], timeouts["idleTimeoutMinutes"]
    if lifetime is not None and now >= lifetime * 60:
        return f"its maximum lifetime of {lifetime} minutes is over"
    if idle is not None and now - max(0, last_active, lease_until) >= idle * 60:
        return f"it was idle for {idle} minutes"
    return None

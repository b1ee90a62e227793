"""Whether a change may merge: stages that judge specs, policies, code, compatibility, impact and data."""

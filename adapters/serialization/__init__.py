"""Values as documents; the one adapter folder that the others share."""

"""Run folders: their course as curves, alone and side by side."""

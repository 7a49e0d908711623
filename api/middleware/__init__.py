"""Middleware around the routes: body limits, inflation, request log and metrics."""

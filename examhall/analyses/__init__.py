"""What-if analyses: projects, scenarios, calculations, standard setting."""

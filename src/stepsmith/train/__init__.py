"""Training: SFT and RL of a policy with TRL's trainers, its corpora, its evaluation and its logs.

These import torch: ``policy``, ``sft``, ``rl``, ``evaluation``, ``recording``, ``running``. The others do not.
"""

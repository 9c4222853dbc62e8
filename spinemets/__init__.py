"""SpineMets: segmentation and classification of spinal lesions on MRI.

The rooms, in the order that data flows through them: `geometry`, `phantom`, `studies`, `segmentation`, `features`,
`models`, `learning`, `report`; `mrml` and `cli` are the two doors. A room uses rooms before it, never one after it.
Images cross the border of a room as `SimpleITK.Image`, in world millimetres, LPS.
"""

__version__ = "0.1.0"
